#!/usr/bin/env python3
"""Makes tests/golden/emails.tsv, the judge of the e-mail rule, without ICU.

    python3 tests/api/email_table.py > tests/golden/emails.tsv

Local parts follow from Python's own tables, which are those of Unicode 14 in Python 3.11 (Debian 12), domains from the
package idna (Debian: python3-idna). A row is the address as it comes and its key, or "-" where it is no e-mail; both
percent-encoded, so that the file is ASCII. The test needs the file only.
"""

import random
import sys
import unicodedata
from urllib.parse import quote

import idna

assert unicodedata.unidata_version == "14.0.0", "the table is Unicode 14's"
BLANKS = [chr(c) for c in [*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F,
                           0x205F, 0x3000]]
# Default_Ignorable_Code_Point of characters that are not Cf (PropList.txt, DerivedCoreProperties.txt), and what the eye
# takes for nothing: the braille blank. U+FFFD stands for what was lost.
INVISIBLE = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, 0x2800, 0xFFFD, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10),
             *range(0xE0100, 0xE01F0)}


def folded(letter):
    """Simple case folding: the full one where that is one character, else the small letter where that is one."""
    for form in (letter.casefold(), letter.lower()):
        if len(form) == 1:
            return form
    return letter


def nfc(text):
    return unicodedata.normalize("NFC", text)


def local_key(text):
    return nfc("".join(map(folded, nfc(text))))


def may_stand(letter):
    code = ord(letter)
    if letter in BLANKS or code in INVISIBLE:
        return False
    return unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Cn")


def row(text, key):
    print(quote(text, safe="@.-+!'"), quote(key, safe="@.-+!'") if key else "-", sep="\t")


def local_row(local):
    key = local_key(local)
    good = all(map(may_stand, local)) and not set(key) & set('@"(),:;<>[]\\')
    row(local + "@example.com", key + "@example.com" if good and len(key.encode()) <= 64 else None)


def main():
    # Every character that folds or composes or is odd, in the middle of a local part.
    for code in range(0x21, 0x110000):
        letter = chr(code)
        category = unicodedata.category(letter)
        if category in ("Cs", "Co") or letter in '@.':
            continue
        folds = folded(letter) != letter or len(letter.casefold()) != 1
        composes = nfc(letter) != letter or unicodedata.combining(letter) != 0
        odd = category in ("Cc", "Cf", "Zs", "Zl", "Zp") or code in INVISIBLE
        if folds or composes or (odd and code < 0xE0110) or (category == "Cn" and code % 997 == 0):
            local_row("a" + letter + "b")
    # Spellings of one local part: cases and compositions of the same letters.
    chance = random.Random(14)
    letters = [chr(c) for c in range(0xC0, 0x17F)] + [chr(c) for c in range(0x391, 0x3CE)] + \
              [chr(c) for c in range(0x1F00, 0x1FFD)] + [chr(c) for c in range(0x400, 0x460)] + list("abcXYZ019._") + \
              [chr(c) for c in range(0x300, 0x346)] + list("한국어日本語") + [chr(c) for c in range(0x10400, 0x10428)]
    letters = [c for c in letters if unicodedata.category(c) != "Cn" and c != "."]
    for _ in range(300):
        word = "".join(chance.choice(letters) for _ in range(chance.randint(1, 6)))
        for spelling in {word, unicodedata.normalize("NFD", word), nfc(word)}:
            local_row(spelling)
    # Every blank at the ends and inside, every one of the invisible characters everywhere.
    for blank in BLANKS:
        row(blank + "ada@example.com" + blank, "ada@example.com")
        row("a" + blank + "da@example.com", None)
        row("ada@exam" + blank + "ple.com", None)
        row("ada" + blank + "@example.com", None)
    for hidden in "\u200b\u200c\u200d\u200e\u200f\u202e\u2060\ufeff\u00ad\u061c\u180e\u034f\u3164\ufffd\u0000\u0007\u007f\u2800":
        for text in (hidden + "ada@example.com", "ada@example.com" + hidden, "a" + hidden + "da@example.com",
                     "ada@ex" + hidden + "ample.com", "ada" + hidden + "@example.com"):
            row(text, None)
    # Domains.
    for domain in ["bücher.example", "BÜCHER.example", "bu\u0308cher.example", "xn--bcher-kva.example", "XN--BCHER-KVA.Example",
                   "straße.de", "STRASSE.de", "faß.example", "ｅｘａｍｐｌｅ.com", "example。com", "日本語.jp", "москва.рф",
                   "МОСКВА.РФ", "ελλάδα.gr", "ΕΛΛΆΔΑ.gr", "ôté.fr", idna.encode("ôté.fr").decode(), "한국.kr", "עברית.il", "مثال.إختبار",
                   "1.2.3.4", "a-b.co", "sub.sub.example.museum", "ﬁne.example", "Ⅷ.example", "x" * 63 + ".com",
                   "ü" * 20 + ".com"]:
        key = idna.encode(domain, uts46=True, std3_rules=True, transitional=False).decode()
        row("ada@" + domain, "ada@" + key)
    row("ada@sträẞe.de", "ada@" + idna.encode("sträße.de").decode())
    for domain in ["", ".", "example", "example.", ".example.com", "example..com", "-b.com", "b-.com", "a.-b.com", "exa_mple.com",
                   "x" * 64 + ".com", "ü" * 60 + ".com", "xn--a.com", "xn--.com", "xn--zz-zz.com", "exa mple.com", "a..b", "[127.0.0.1]",
                   "exa\u0378mple.com", "\u0301a.com", "a@b.com", "ex/ample.com", "ex%ample.com", "א1a.com", "-ü.com", "ü-.com",
                   ".".join(["x" * 60] * 5), "example．．com", "xn--bcher-kv.example\u00df\u200d.com"]:
        row("ada@" + domain, None)
    # Local parts.
    for local in ["", ".", ".a", "a.", "a..b", "a b", '"ada"', "a<b", "a\\b", "a,b", "x" * 65, "é" * 33, "\u200dé"]:
        row(local + "@b.co", None)
    for local in ["a.b", "a+tag", "o'neil", "x" * 64, "é" * 32, "!#$%&'*/=?^_`{|}~-", "weiß", "weiss", "josé", "JOSÉ", "jose\u0301",
                  "😀", "ﬁ", "İ", "ı", "ſ", "K", "ς", "Σ", "ẞ"]:
        row(local + "@b.co", local_key(local) + "@b.co")
    row("ada", None)
    row("", None)
    row("x" * 300 + "@b.co", None)


if __name__ == "__main__":
    sys.exit(main())
