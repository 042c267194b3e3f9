// A fault: the machine failed (disk, damage, another writer), as opposed to a rejection (the caller asked for
// something not allowed) or a bug (an assertion).
#pragma once

#include <cstdint>
#include <string>

#include "domain/result.h"

namespace florin::eventstore {

struct Fault {
  enum class Kind : std::uint8_t {
    io,        // the operating system or SQLite refused; `what` carries its words
    full,      // no space left on the device
    corrupt,   // stored bytes are not what was written; `what` names the position or the file
    conflict,  // another writer holds the log or has appended to it
    missing,   // the thing is not there (a key that was destroyed, a file)
    unknown,   // written by a newer version: this one must not go on
  };
  Kind kind = Kind::io;
  std::string what;  // never holds personal data or secrets
};

template <class T>
using ResultOr = Result<T, Fault>;

inline Failure<Fault> fault(Fault::Kind kind, std::string what) { return fail(Fault{kind, std::move(what)}); }

}  // namespace florin::eventstore
