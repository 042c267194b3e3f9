// The one table that turns a rejection into HTTP.
#pragma once

#include "api/http/errors.h"
#include "domain/rejections.h"

namespace florin::api {

// Exhaustive over RejectionCode.
[[nodiscard]] Response rejection_response(Request const& request, domain::Rejection const& rejection);
[[nodiscard]] inline Response rejection_response(Request const& request, domain::RejectionCode code) {
  return rejection_response(request, domain::Rejection{.code = code});
}
[[nodiscard]] inline Response transaction_not_found(Request const& request) {
  return rejection_response(request, domain::RejectionCode::transfer_not_open);
}

}  // namespace florin::api
