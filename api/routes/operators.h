// Who may call the operators' routes.
#pragma once

#include "api/routes/exchange.h"
#include "api/routes/routes.h"

namespace florin::api {

// 403 ADMIN_DISABLED, 401 MISSING_ADMIN_TOKEN, 401 INVALID_ADMIN_TOKEN. The gate before a body is read.
[[nodiscard]] std::optional<Response> refuse_stranger(Request const& request, AdminOptions const& options);

// What every operators' route asks first: refuse_stranger(), and for an operator 400 INVALID_REQUEST when the query
// names a parameter that is none of `parameters`, which are all that the route reads. Unknown fields of a body
// are JsonBody's to refuse.
[[nodiscard]] std::optional<Response> refuse_unless_operator(Request const& request, AdminOptions const& options,
                                                             std::initializer_list<std::string_view> parameters = {});

// The write was decided and left everything as it is (Rejection::nothing_new): nothing was written.
[[nodiscard]] bool changed_nothing(Performed const& outcome);

}  // namespace florin::api
