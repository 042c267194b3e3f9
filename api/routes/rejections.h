// The one table that turns a rejection into HTTP.
#pragma once

#include "api/http/errors.h"
#include "domain/rejections.h"

namespace florin::api {

// Exhaustive over RejectionCode.
[[nodiscard]] Response rejection_response(Request const& request, domain::Rejection const& rejection);

}  // namespace florin::api
