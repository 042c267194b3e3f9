// Who may call the operators' routes.
#pragma once

#include "api/routes/exchange.h"
#include "api/routes/routes.h"

namespace florin::api {

// 403 ADMIN_DISABLED, 401 MISSING_ADMIN_TOKEN, 401 INVALID_ADMIN_TOKEN; nothing for an operator.
[[nodiscard]] std::optional<Response> refuse_unless_operator(Request const& request, AdminOptions const& options);

}  // namespace florin::api
