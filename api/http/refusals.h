// The one table that turns a refusal of the rules into HTTP.
#pragma once

#include "api/http/errors.h"
#include "domain/rejections.h"

namespace florin::api {

// Exhaustive over RejectionCode.
[[nodiscard]] Response refusal_response(Request const& request, domain::Rejection const& refusal);

}  // namespace florin::api
