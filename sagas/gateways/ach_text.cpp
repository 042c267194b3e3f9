#include "sagas/gateways/ach_text.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include <unicode/translit.h>
#include <unicode/unistr.h>

#include "domain/contract.h"

namespace florin::sagas {
namespace {

struct Letter {
  char32_t code = 0;
  std::size_t bytes = 1;
};
constexpr char32_t kBroken = 0xFFFD;

// The first letter of a text that is not empty. Broken UTF-8 counts by the byte.
Letter first_letter(std::string_view text) {
  auto const lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  std::size_t const size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {kBroken, 1};
  char32_t code = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    auto const byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return {kBroken, 1};
    code = code << 6 | (byte & 0x3F);
  }
  return {code, size};
}

// U+00C0 to U+017F without their accents, sixteen a row; '*' stands for two letters.
constexpr std::string_view kLatin =
    "AAAAAA*CEEEEIIII"
    "DNOOOOOXOUUUUY**"
    "AAAAAA*CEEEEIIII"
    "DNOOOOO/OUUUUY*Y"
    "AAAAAACCCCCCCCDD"
    "DDEEEEEEEEEEGGGG"
    "GGGGHHHHIIIIIIII"
    "II**JJKKKLLLLLLL"
    "LLLNNNNNNNNNOOOO"
    "OO**RRRRRRSSSSSS"
    "SSTTTTTTUUUUUUUU"
    "UUUUWWYYYZZZZZZS";
static_assert(kLatin.size() == 0x180 - 0xC0);

std::string_view two_letters(char32_t code) {
  switch (code) {
    case 0xC6:
    case 0xE6: return "AE";
    case 0xDE:
    case 0xFE: return "TH";
    case 0xDF: return "SS";
    case 0x132:
    case 0x133: return "IJ";
    case 0x152:
    case 0x153: return "OE";
    default: return "?";
  }
}

void append_letter(std::string& out, char32_t code) {
  if (code >= 'a' && code <= 'z') {
    out += static_cast<char>(code - 'a' + 'A');
  } else if (code >= ' ' && code <= '~') {
    out += static_cast<char>(code);
  } else if (code >= 0xC0 && code < 0x180) {
    char const plain = kLatin[code - 0xC0];
    if (plain == '*') {
      out += two_letters(code);
    } else {
      out += plain;
    }
  } else if (code == 0xA0 || code == '\t') {
    out += ' ';
  } else if (code == 0x2018 || code == 0x2019) {
    out += '\'';
  } else if (code == 0x201C || code == 0x201D) {
    out += '"';
  } else if (code >= 0x2010 && code <= 0x2015) {
    out += '-';
  } else if (code < 0x300 || code > 0x36F) {  // those are accents of the letter before
    out += '?';
  }
}

bool is_letter_or_digit(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Scripts to Latin letters, Latin letters to ASCII. Making it costs some 30 ms, using it some microseconds; ICU does
// not promise that one may be used by two threads at once.
std::string transliterated(std::string_view utf8) {
  static std::mutex mutex;
  static auto const transliterator = [] {
    UErrorCode error = U_ZERO_ERROR;
    std::unique_ptr<icu::Transliterator> made(
        icu::Transliterator::createInstance("Any-Latin; Latin-ASCII", UTRANS_FORWARD, error));
    FLORIN_ASSERT(U_SUCCESS(error) && made != nullptr);  // its data is part of the library
    return made;
  }();
  auto text = icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
  std::string out;
  std::lock_guard const lock(mutex);
  transliterator->transliterate(text);
  return text.toUTF8String(out);
}

std::string cut(std::string_view text, std::size_t width) {
  return std::string(trimmed(trimmed(text).substr(0, width)));
}

// As releases before wrote it: their days' files are made again with it.
std::string plain_text(std::string_view utf8, std::size_t width) {
  std::string out;
  while (!utf8.empty()) {
    auto const letter = first_letter(utf8);
    append_letter(out, letter.code);
    utf8.remove_prefix(letter.bytes);
  }
  return cut(out, width);
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::string ach_text(std::string_view utf8, std::size_t width) {
  bool const is_ascii = std::ranges::all_of(utf8, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  auto const latin = is_ascii ? std::string(utf8) : transliterated(utf8);
  std::string out;
  for (char const c : latin) {
    if (c >= 'a' && c <= 'z') {
      out += static_cast<char>(c - 'a' + 'A');
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else if (c == '\t' || c == '\n' || c == '\r') {
      out += ' ';
    }
  }
  out = cut(out, width);
  return std::ranges::any_of(out, is_letter_or_digit) ? out : std::string();
}

std::string ach_letters(std::string_view utf8, std::size_t width, AchLettering lettering) {
  switch (lettering) {
    case AchLettering::transliterated: return ach_text(utf8, width);
    case AchLettering::plain: return plain_text(utf8, width);
  }
  FLORIN_ASSERT(false);
}

}  // namespace florin::sagas
