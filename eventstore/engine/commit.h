// A durable or decided commit as the parts of the house share it: immutable.
#pragma once

#include <memory>

#include "domain/events.h"

namespace florin::eventstore {

using CommitPtr = std::shared_ptr<domain::Commit const>;

}  // namespace florin::eventstore
