#include "api/email.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "domain/utf8.h"

namespace florin::api {
namespace {

using Why = std::string_view;

constexpr Why kNotUtf8 = "it is not UTF-8";
constexpr Why kNoAt = "it has no @";
constexpr Why kTooLong = "it is longer than 254 characters";
constexpr Why kLocalTooLong = "the part before @ is longer than 64 bytes";
constexpr Why kLocalDots = "in the part before @ a dot is first, last or doubled";
constexpr Why kLocalLetter = "the part before @ has a character that is not allowed there";
constexpr Why kBlank = "it has a blank inside";
constexpr Why kInvisible = "it has a control character or an invisible one";
constexpr Why kUnknown = "it has a character that is not in Unicode 14";
constexpr Why kNoDomain = "nothing that is a domain stands behind @";
constexpr Why kDomainDots = "in the domain a dot is first, last or doubled, or there is none";
constexpr Why kDomainLetter = "the domain has a character that is not allowed there";
constexpr Why kHyphen = "a part of the domain begins or ends with a hyphen";
constexpr Why kLabelTooLong = "a part of the domain is longer than 63 characters";

// RFC 5321, 4.5.3.1: of the key, since one mailbox may be written in more bytes or fewer. What comes has as many
// characters at the most.
constexpr std::size_t kKeyBytesMax = 254;
constexpr std::size_t kLocalBytesMax = 64;
constexpr std::size_t kLabelBytesMax = 63;
constexpr std::ptrdiff_t kCharactersMax = 254;

constexpr UChar32 kReplacementCharacter = 0xfffd;
constexpr UChar32 kBrailleBlank = 0x2800;  // a pattern without dots: by its category a symbol, to the eye nothing
constexpr std::uint8_t kUnicodeMax = 14;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

// What RFC 5322 keeps for itself; quoted local parts are not taken.
bool is_special(char letter) { return std::string_view("@\"(),:;<>[]\\").find(letter) != std::string_view::npos; }

UChar32 character_at(std::string_view utf8, std::size_t at, std::size_t size) {
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(utf8[at + i]); };
  auto const rest = [&](std::size_t i) { return static_cast<UChar32>(byte(i) & 0x3f); };
  switch (size) {
    case 2: return (static_cast<UChar32>(byte(0) & 0x1f) << 6) | rest(1);
    case 3: return (static_cast<UChar32>(byte(0) & 0x0f) << 12) | (rest(1) << 6) | rest(2);
    case 4: return (static_cast<UChar32>(byte(0) & 0x07) << 18) | (rest(1) << 12) | (rest(2) << 6) | rest(3);
    default: return byte(0);
  }
}

// Of valid UTF-8. White_Space is the property that Unicode's own trimming goes by.
std::string_view trimmed(std::string_view text) {
  while (!text.empty()) {
    auto const size = domain::utf8_character_size(text);
    if (u_isUWhiteSpace(character_at(text, 0, size)) == 0) break;
    text.remove_prefix(size);
  }
  while (!text.empty()) {
    auto begin = text.size() - 1;
    while ((static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) --begin;
    if (u_isUWhiteSpace(character_at(text, begin, text.size() - begin)) == 0) break;
    text.remove_suffix(text.size() - begin);
  }
  return text;
}

bool is_known(UChar32 character) {
  UVersionInfo age;
  u_charAge(character, age);
  return age[0] != 0 && age[0] <= kUnicodeMax;
}

// Why a character may stand nowhere in an e-mail; empty when it may.
Why trouble_of(UChar32 character) {
  if (u_isUWhiteSpace(character) != 0) return kBlank;
  auto const category = u_charType(character);
  if (category == U_CONTROL_CHAR || category == U_FORMAT_CHAR || character == kReplacementCharacter ||
      character == kBrailleBlank || u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0) {
    return kInvisible;
  }
  return is_known(character) ? Why() : kUnknown;
}

Why trouble_of(std::string_view utf8) {
  for (std::size_t at = 0; at < utf8.size();) {
    auto const byte = static_cast<unsigned char>(utf8[at]);
    if (byte > ' ' && byte < 0x7f) {
      ++at;
      continue;
    }
    auto const size = domain::utf8_character_size(utf8.substr(at));
    if (auto const trouble = trouble_of(character_at(utf8, at, size)); !trouble.empty()) return trouble;
    at += size;
  }
  return {};
}

// A fault of the library on input that was checked: its tables are missing or memory is. Nothing sensible can follow.
void require(UErrorCode error) {
  if (U_FAILURE(error)) std::abort();
}

std::u16string to_utf16(std::string_view utf8) {
  std::u16string out(utf8.size(), u'\0');
  UErrorCode error = U_ZERO_ERROR;
  std::int32_t size = 0;
  u_strFromUTF8(out.data(), static_cast<std::int32_t>(out.size()), &size, utf8.data(),
                static_cast<std::int32_t>(utf8.size()), &error);
  require(error);
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string to_utf8(std::u16string const& text) {
  std::string out(3 * text.size(), '\0');
  UErrorCode error = U_ZERO_ERROR;
  std::int32_t size = 0;
  u_strToUTF8(out.data(), static_cast<std::int32_t>(out.size()), &size, text.data(),
              static_cast<std::int32_t>(text.size()), &error);
  require(error);
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::u16string composed(std::u16string const& text) {
  UErrorCode error = U_ZERO_ERROR;
  auto const* const nfc = unorm2_getNFCInstance(&error);
  require(error);
  std::u16string out(3 * text.size() + 1, u'\0');  // NFC takes at most three times the room (UAX 15, table 6)
  auto const size = unorm2_normalize(nfc, text.data(), static_cast<std::int32_t>(text.size()), out.data(),
                                     static_cast<std::int32_t>(out.size()), &error);
  require(error);
  out.resize(static_cast<std::size_t>(size));
  return out;
}

// Simple folding: one character for one, so that nothing grows and ß stays.
std::u16string folded(std::u16string const& text) {
  std::u16string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    UChar32 character = 0;
    U16_NEXT(text.data(), at, text.size(), character);
    auto const small = u_foldCase(character, U_FOLD_CASE_DEFAULT);
    if (small <= 0xffff) {
      out.push_back(static_cast<char16_t>(small));
    } else {
      out.push_back(static_cast<char16_t>(U16_LEAD(small)));
      out.push_back(static_cast<char16_t>(U16_TRAIL(small)));
    }
  }
  return out;
}

Why trouble_of_local(std::string_view local) {
  if (local.empty() || local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) {
    return local.empty() ? kLocalLetter : kLocalDots;
  }
  if (std::any_of(local.begin(), local.end(), is_special)) return kLocalLetter;
  return local.size() > kLocalBytesMax ? kLocalTooLong : Why();
}

Result<std::string, Why> local_key(std::string_view written) {
  std::string key(written);
  if (is_ascii(written)) {
    std::transform(key.begin(), key.end(), key.begin(), lower);
  } else {
    // Folding may leave something to compose (U+0345 becomes a letter), and what is then composed is folded already.
    key = to_utf8(composed(folded(composed(to_utf16(written)))));
  }
  if (auto const trouble = trouble_of_local(key); !trouble.empty()) return fail(trouble);
  return key;
}

// Of a domain in ASCII: letters, digits and hyphens (STD 3), labels of 1 to 63, two at least.
Why trouble_of_ascii_domain(std::string_view domain) {
  if (domain.empty()) return kNoDomain;
  std::size_t labels = 0;
  for (bool last = false; !last; ++labels) {
    auto const dot = domain.find('.');
    last = dot == std::string_view::npos;
    auto const label = domain.substr(0, dot);
    if (!last) domain.remove_prefix(dot + 1);
    if (label.empty()) return kDomainDots;
    if (!std::all_of(label.begin(), label.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; })) {
      return kDomainLetter;
    }
    if (label.front() == '-' || label.back() == '-') return kHyphen;
    if (label.size() > kLabelBytesMax) return kLabelTooLong;
  }
  return labels > 1 ? Why() : kDomainDots;
}

UIDNA const* uts46() {
  static UIDNA* const opened = [] {
    UErrorCode error = U_ZERO_ERROR;
    auto* const idna = uidna_openUTS46(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                                           UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE,
                                       &error);
    require(error);
    return idna;
  }();
  return opened;
}

// What nameToASCII or nameToUnicode makes of it. A hyphen third and fourth is a registry's rule, not one of the
// mailbox: such names exist.
using Conversion = std::int32_t (*)(UIDNA const*, char const*, std::int32_t, char*, std::int32_t, UIDNAInfo*,
                                    UErrorCode*);
Result<std::string, Why> converted(Conversion convert, std::string_view domain) {
  std::array<char, 4096> out;  // of 1,016 bytes at the most
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  UErrorCode error = U_ZERO_ERROR;
  auto const size = convert(uts46(), domain.data(), static_cast<std::int32_t>(domain.size()), out.data(),
                            static_cast<std::int32_t>(out.size()), &info, &error);
  if (error == U_BUFFER_OVERFLOW_ERROR) return fail(kTooLong);
  require(error);
  auto const wrong = info.errors & ~static_cast<std::uint32_t>(UIDNA_ERROR_HYPHEN_3_4);
  if ((wrong & UIDNA_ERROR_EMPTY_LABEL) != 0) return fail(kDomainDots);
  if ((wrong & (UIDNA_ERROR_LEADING_HYPHEN | UIDNA_ERROR_TRAILING_HYPHEN)) != 0) return fail(kHyphen);
  if ((wrong & (UIDNA_ERROR_LABEL_TOO_LONG | UIDNA_ERROR_DOMAIN_NAME_TOO_LONG)) != 0) return fail(kLabelTooLong);
  if (wrong != 0) return fail(kDomainLetter);
  return std::string(out.data(), static_cast<std::size_t>(size));
}

Result<std::string, Why> domain_key(std::string_view written) {
  std::string key(written);
  std::transform(key.begin(), key.end(), key.begin(), lower);
  bool const ascii = is_ascii(key);
  if (!ascii || key.starts_with("xn--") || key.find(".xn--") != std::string::npos) {
    // UTS 46 made "ss" of the capital ß until Unicode 15.1 and ß since: a key must not depend on the library's year.
    constexpr std::string_view kCapital = "\u1e9e";
    constexpr std::string_view kSmall = "\u00df";
    for (auto at = key.find(kCapital); at != std::string::npos; at = key.find(kCapital, at)) {
      key.replace(at, kCapital.size(), kSmall);
    }
    key = FLORIN_TRY(converted(uidna_nameToASCII_UTF8, key));
    // A label may come encoded, with characters that a later Unicode added.
    auto const shown = FLORIN_TRY(converted(uidna_nameToUnicodeUTF8, key));
    for (std::size_t at = 0; at < shown.size();) {
      auto const size = domain::utf8_character_size(std::string_view(shown).substr(at));
      if (!is_known(character_at(shown, at, size))) return fail(kUnknown);
      at += size;
    }
  }
  if (auto const trouble = trouble_of_ascii_domain(key); !trouble.empty()) return fail(trouble);
  return key;
}

}  // namespace

Result<Mailbox, std::string_view> read_mailbox(std::string_view text) {
  if (!domain::is_utf8(text)) return fail(kNotUtf8);
  text = trimmed(text);
  auto const characters =
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  if (characters > kCharactersMax) return fail(kTooLong);
  if (auto const trouble = trouble_of(text); !trouble.empty()) return fail(trouble);
  auto const at = text.find('@');
  if (at == std::string_view::npos) return fail(kNoAt);
  auto local = FLORIN_TRY(local_key(text.substr(0, at)));
  auto domain = FLORIN_TRY(domain_key(text.substr(at + 1)));
  Mailbox mailbox{std::string(text), std::move(local) + '@' + domain};
  if (mailbox.key.size() > kKeyBytesMax) return fail(kTooLong);
  return mailbox;
}

std::optional<std::string> former_key(std::string_view text) {
  auto const is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (text.size() > kKeyBytesMax) return std::nullopt;
  std::string key(text);
  std::transform(key.begin(), key.end(), key.begin(), lower);
  auto const at = key.find('@');
  if (at == std::string::npos) return std::nullopt;
  auto const local = std::string_view(key).substr(0, at);
  auto const domain = std::string_view(key).substr(at + 1);
  auto const is_local = [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte != 0x7f && !is_special(c);
  };
  auto const is_domain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  if (local.empty() || local.size() > kLocalBytesMax || !std::all_of(local.begin(), local.end(), is_local)) {
    return std::nullopt;
  }
  if (domain.size() < 3 || !std::all_of(domain.begin(), domain.end(), is_domain)) return std::nullopt;
  if (domain.front() == '.' || domain.back() == '.' || domain.find("..") != std::string_view::npos) return std::nullopt;
  if (domain.find('.') == std::string_view::npos) return std::nullopt;
  return key;
}

}  // namespace florin::api
