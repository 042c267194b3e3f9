// The checkout's one stylesheet and its two scripts: static text, let through by the content policy for its hash alone.
//
// A page works without either script. Neither holds a value: what the second one says stands in the page's markup.
#pragma once

#include <string_view>

namespace florin::api {

// Mobile first, from 320 px. Colours are named once for each scheme; every pair of text and ground is at least 4.5:1,
// every edge of a field at least 3:1. The icon has its size by bounds: over one with a width and a height, a browser
// draws the mark of a broken picture.
inline constexpr std::string_view kStyle = R"css(
:root{--ground:#f3f4f6;--sheet:#fff;--soft:#f8f9fa;--line:#e1e4e8;--edge:#7d8590;--text:#16191d;--quiet:#565e69;
--act:#0b6b55;--act-on:#fff;--act-over:#085543;--bad:#b3261e;--bad-ground:#fdf0ee;--test:#fff1c9;--test-on:#5a4200;
--good:#0b6b55;--good-ground:#e2f3ed;--shade:0 1px 2px rgb(16 24 40/.06),0 12px 32px -12px rgb(16 24 40/.16)}
@media(prefers-color-scheme:dark){:root{--ground:#0f1215;--sheet:#181c20;--soft:#1e2328;--line:#2c333a;--edge:#7f8a96;
--text:#eef0f2;--quiet:#a9b2bc;--act:#6fd6b5;--act-on:#04241b;--act-over:#93e4ca;--bad:#ffb4ab;--bad-ground:#3b1c1a;
--test:#3a2e0c;--test-on:#ffdf8e;--good:#6fd6b5;--good-ground:#12352b;--shade:none}}
*,::before,::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:var(--ground);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
h1,h2,p,ul,dl,dd{margin:0;padding:0}
a{color:var(--act);text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
.strip{padding:.5rem 1rem;background:var(--test);color:var(--test-on);text-align:center;font-size:.9375rem}
main{width:100%;max-width:27rem;margin:0 auto;padding:1rem}
.sheet{background:var(--sheet);border:1px solid var(--line);border-radius:1rem;box-shadow:var(--shade);overflow:hidden}
.part{padding:1.25rem}
.part+.part{border-top:1px solid var(--line)}
.seller{display:flex;align-items:center;gap:.75rem;color:var(--quiet);font-size:.9375rem;line-height:1.35}
.seller>span:last-child{min-width:0}
.icon{position:relative;flex:none;display:grid;place-items:center;width:3rem;height:3rem;border-radius:.75rem;
overflow:hidden;background:var(--act);color:var(--act-on);font-size:1.375rem;font-weight:600;line-height:1}
.icon img{position:absolute;left:0;top:0;min-width:100%;max-width:100%;min-height:100%;max-height:100%;object-fit:cover}
h1{font-size:1.5rem;line-height:1.25;font-weight:650;letter-spacing:-.01em;text-wrap:balance}
.seller+h1{margin-top:1rem}
.lead{margin-top:.5rem;color:var(--quiet)}
.sum{display:grid;gap:.5rem;margin-top:1rem}
.sum div{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}
.sum dt{min-width:0;color:var(--quiet)}
.sum dd{min-width:0;text-align:right;font-variant-numeric:tabular-nums}
.sum .amount dd{flex:none}
.sum .total{margin-top:.125rem;padding-top:.625rem;border-top:1px solid var(--line);font-weight:650}
.sum .total dt{color:var(--text)}
.sum .total dd{font-size:1.25rem}
.alert{margin-bottom:1.25rem;padding:.875rem 1rem;border:1px solid var(--bad);border-radius:.625rem;
background:var(--bad-ground)}
.alert:focus{outline:2px solid var(--bad);outline-offset:0}
.alert h2{font-size:1rem;line-height:1.4}
.alert p{margin-top:.25rem}
.alert ul{margin-top:.25rem;padding-left:1.125rem}
.alert a{color:var(--bad)}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:1.125rem .75rem;align-items:start}
.wide{grid-column:1/-1}
label{display:block;font-weight:600;font-size:.9375rem}
.hint,.fault{display:block;font-size:.875rem;line-height:1.4}
.hint{color:var(--quiet)}
.fault{margin-top:.375rem;color:var(--bad);font-weight:500}
input{display:block;width:100%;height:3rem;margin-top:.375rem;padding:0 .875rem;border:1px solid var(--edge);
border-radius:.625rem;background:var(--sheet);color:var(--text);font:inherit;font-variant-numeric:tabular-nums;
letter-spacing:.02em}
input[aria-invalid=true]{border:2px solid var(--bad)}
.button{display:flex;align-items:center;justify-content:center;width:100%;min-height:3.25rem;margin-top:1.5rem;
padding:.625rem 1rem;border:2px solid transparent;border-radius:.75rem;background:var(--act);color:var(--act-on);
font:inherit;font-weight:650;text-align:center;text-decoration:none;cursor:pointer;transition:background .12s}
.button:hover{background:var(--act-over)}
.button[aria-disabled=true]{background:var(--soft);border-color:var(--line);color:var(--quiet);cursor:progress}
.button+.second{margin-top:.75rem}
.second{background:transparent;border-color:var(--edge);color:var(--text)}
.second:hover{background:var(--soft)}
.back{display:block;width:max-content;max-width:100%;margin:.625rem auto 0;padding:.625rem .75rem;text-align:center}
.note{margin-top:1rem;color:var(--quiet);font-size:.875rem;text-align:center}
.tip{margin-top:1.125rem;padding:.75rem .875rem;border-radius:.625rem;background:var(--soft);color:var(--quiet);
font-size:.875rem}
.tip b{display:inline-block;color:var(--text);font-weight:600;font-variant-numeric:tabular-nums}
.sign{display:grid;place-items:center;width:3.5rem;height:3.5rem;margin-bottom:1rem;border-radius:50%;
background:var(--good-ground);color:var(--good)}
.sign svg{width:1.75rem;height:1.75rem;fill:none;stroke:currentColor;stroke-width:2.5;stroke-linecap:round;
stroke-linejoin:round}
.quiet{background:var(--ground);color:var(--quiet)}
.wait{animation:turn 1.1s linear infinite}
@keyframes turn{to{transform:rotate(1turn)}}
footer{padding:0 1rem 1.5rem;color:var(--quiet);font-size:.8125rem;text-align:center}
@media(min-width:30rem){main{padding-top:3rem}.part{padding:2rem}h1{font-size:1.75rem}}
@media(min-width:56rem){main.two{max-width:58rem;padding-top:4.5rem}.two .sheet{display:grid;
grid-template-columns:5fr 6fr}.two .part{padding:2.5rem}.two .part:first-child{background:var(--soft)}
.two .part+.part{border-top:0;border-left:1px solid var(--line)}}
@media(prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
@media(forced-colors:active){.icon,.sign,.alert{border:1px solid}}
)css";

// A second click must not send the card a second time. A page that comes back from the browser's memory can be sent.
inline constexpr std::string_view kPayScript = R"js(
(()=>{const form=document.querySelector("form"),pay=form.querySelector("button"),words=pay.textContent;
let sent=false;
form.addEventListener("submit",e=>{if(sent)return e.preventDefault();
sent=true;pay.setAttribute("aria-disabled","true");pay.textContent="Paying…"});
addEventListener("pageshow",e=>{if(e.persisted){sent=false;pay.removeAttribute("aria-disabled");
pay.textContent=words}})})()
)js";

// Tells whoever opened the page, if it is of the shop's origin, and goes on to the shop in place of this page.
inline constexpr std::string_view kDoneScript = R"js(
(()=>{const done=document.getElementById("done").dataset,message={type:"INVO_CHECKOUT_COMPLETE",
session_id:done.session,transaction_id:done.transaction,order_id:done.order,status:"success"};
for(const other of [opener,parent])if(other&&other!==window)try{other.postMessage(message,done.origin)}catch{}
setTimeout(()=>location.replace(done.url),1200)})()
)js";

}  // namespace florin::api
