// Reading one view: a connection with its open read transaction.
#pragma once

#include <memory>
#include <string>

#include "domain/ids.h"
#include "eventstore/fault.h"

namespace florin::projections {

class Database;
class Generation;

// A read-only connection to one generation of a view, with its open read transaction: everything read through it is
// of one position. Not for sharing between threads; returns to the pool on destruction.
class ViewReader {
 public:
  // Any thread. Of the generation that readers get (ViewSlot::readable). The fault is the file's.
  [[nodiscard]] static eventstore::ResultOr<ViewReader> open(std::shared_ptr<Generation> generation);

  ~ViewReader();
  ViewReader(ViewReader&&) noexcept;
  [[nodiscard]] Database& database();
  [[nodiscard]] domain::Position position() const;  // the checkpoint inside this transaction
  // The fault for a row that cannot be. Nobody reads this file from now on, and the view is built anew.
  [[nodiscard]] Failure<eventstore::Fault> distrust(std::string what);

 private:
  struct Impl;
  explicit ViewReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::projections
