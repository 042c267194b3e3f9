// Fields and rows in the blocks of a file (block_file.h): every number is a u64, a text and a list begin with their
// length, rows are as they are in memory. What is read back is what its type can hold, or reading says no.
#pragma once

#include <algorithm>
#include <bit>
#include <span>
#include <string>
#include <vector>

#include "domain/flat_table.h"
#include "domain/ids.h"
#include "domain/money.h"
#include "domain/time.h"
#include "eventstore/engine/block_file.h"

namespace florin::eventstore {

static_assert(std::endian::native == std::endian::little, "rows are stored as they are in memory");

inline constexpr std::uint64_t kMaxTextBytes = 1u << 20;  // an API body's bound
inline constexpr std::uint64_t kMaxListEntries = 1u << 20;
inline constexpr std::size_t kRowsAtOnce = 1u << 15;
inline constexpr std::size_t kPrefetchRows = 32;  // enough to hide a miss behind the work on the rows before it

// The two directions of one description: fields(FieldsOut) writes what fields(FieldsIn) reads.
struct FieldsOut {
  BlockWriter& to;

  bool raw(void const* bytes, std::size_t size) {
    to.put({static_cast<char const*>(bytes), size});
    return true;
  }
  template <class T>
  bool number(T value) {
    auto const wide = static_cast<std::uint64_t>(value);
    return raw(&wide, sizeof wide);
  }
  template <class Enum>
  bool enumerated(Enum value, Enum) {
    return number(value);
  }
  bool text(std::string const& text) { return number(text.size()) && raw(text.data(), text.size()); }
  template <class T, class Each>
  bool list(std::vector<T>& values, Each&& each) {
    if (!number(values.size())) return false;
    for (T& value : values) {
      if (!each(value)) return false;
    }
    return true;
  }
};

struct FieldsIn {
  BlockReader& from;

  bool raw(void* bytes, std::size_t size) { return from.get({static_cast<char*>(bytes), size}); }
  template <class T>
  bool number(T& value) {
    std::uint64_t wide = 0;
    if (!raw(&wide, sizeof wide)) return false;
    value = static_cast<T>(wide);
    return static_cast<std::uint64_t>(value) == wide;
  }
  template <class Enum>
  bool enumerated(Enum& value, Enum last) {
    return number(value) && value <= last;
  }
  bool text(std::string& text) {
    std::uint64_t size = 0;
    if (!number(size) || size > kMaxTextBytes) return false;
    text.resize(size);
    return raw(text.data(), size);
  }
  template <class T, class Each>
  bool list(std::vector<T>& values, Each&& each) {
    std::uint64_t size = 0;
    if (!number(size) || size > kMaxListEntries) return false;
    values.resize(size);
    for (T& value : values) {
      if (!each(value)) return false;
    }
    return true;
  }
};

// Strong types travel as their number.
template <class Unit>
bool field(FieldsOut& out, domain::Amount<Unit> amount) {
  return out.number(amount.minor());
}
template <class Unit>
bool field(FieldsIn& in, domain::Amount<Unit>& amount) {
  std::int64_t minor = 0;
  if (!in.number(minor)) return false;
  amount = domain::Amount<Unit>::from_minor(minor);
  return true;
}
inline bool field(FieldsOut& out, domain::Timestamp at) { return out.number(at.micros()); }
inline bool field(FieldsIn& in, domain::Timestamp& at) {
  std::int64_t micros = 0;
  if (!in.number(micros)) return false;
  at = domain::Timestamp::from_micros(micros);
  return true;
}
inline bool field(FieldsOut& out, domain::BasisPoints rate) { return out.number(rate.value()); }
inline bool field(FieldsIn& in, domain::BasisPoints& rate) {
  std::int32_t value = 0;
  if (!in.number(value)) return false;
  rate = domain::BasisPoints(value);
  return true;
}
template <class Tag>
bool field(FieldsOut& out, domain::Id<Tag> id) {
  return out.number(id.value());
}
template <class Tag>
bool field(FieldsIn& in, domain::Id<Tag>& id) {
  std::uint64_t value = 0;
  if (!in.number(value)) return false;
  id = domain::Id<Tag>(value);
  return true;
}

template <class Row>
void put_rows(FieldsOut& out, domain::ChunkedRows<Row> const& rows) {
  out.number(rows.size());
  rows.for_each_chunk([&](std::span<Row const> chunk) { out.raw(chunk.data(), chunk.size_bytes()); });
}

// Calls prefetch(row) well before restore(row), in order; restore says whether the row can be.
template <class Row, class Prefetch, class Restore>
bool get_rows(FieldsIn& in, Prefetch&& prefetch, Restore&& restore) {
  std::uint64_t left = 0;
  if (!in.number(left)) return false;
  std::vector<Row> rows;
  while (left > 0) {
    rows.resize(std::min<std::uint64_t>(left, kRowsAtOnce));
    if (!in.raw(rows.data(), rows.size() * sizeof(Row))) return false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i + kPrefetchRows < rows.size()) prefetch(rows[i + kPrefetchRows]);
      if (!restore(rows[i])) return false;
    }
    left -= rows.size();
  }
  return true;
}

}  // namespace florin::eventstore
