#include "projections/view_reader.h"

#include <utility>

#include "projections/generation.h"
#include "projections/sqlite.h"

namespace florin::projections {

using eventstore::Fault;
using eventstore::ResultOr;

struct ViewReader::Impl {
  std::shared_ptr<Generation> generation;
  std::unique_ptr<Database> connection;
  domain::Position position;
};

ViewReader::ViewReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ViewReader::ViewReader(ViewReader&&) noexcept = default;

ResultOr<ViewReader> ViewReader::open(std::shared_ptr<Generation> generation) {
  auto impl = std::make_unique<Impl>();
  impl->generation = std::move(generation);
  impl->connection = FLORIN_TRY(impl->generation->take());
  FLORIN_TRY(impl->connection->execute("BEGIN"));
  auto select = FLORIN_TRY(impl->connection->statement("SELECT position FROM checkpoint"));
  auto const row = FLORIN_TRY(select.first());
  if (!row) {
    return eventstore::fault(Fault::Kind::corrupt, "view " + impl->generation->file().string() + ": no checkpoint");
  }
  impl->position = select.position(0);
  select.reset();
  return ViewReader(std::move(impl));
}

ViewReader::~ViewReader() {
  if (!impl_) return;
  impl_->connection->reset_statements();
  if (impl_->connection->damaged()) impl_->generation->distrust();
  if (impl_->connection->execute("COMMIT")) impl_->generation->give_back(std::move(impl_->connection));
}

Database& ViewReader::database() { return *impl_->connection; }
domain::Position ViewReader::position() const { return impl_->position; }

Failure<Fault> ViewReader::distrust(std::string what) {
  impl_->connection->mark_damaged();
  return eventstore::fault(Fault::Kind::corrupt, "view: " + std::move(what));
}

}  // namespace florin::projections
