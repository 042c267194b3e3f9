// Asking a phone's owner whether somebody else may use it, as other routes run into it.
#pragma once

#include "api/routes/route.h"

namespace florin::api {

// A person's e-mail for others to recognise and nobody to learn: "al***@example.com"; "" when it is not known any more.
[[nodiscard]] std::string email_hint(Ledger const& ledger, domain::IdentityId identity);

// 409 PHONE_SHARE_APPROVAL_REQUIRED as the seed "initiate send" shows it: asks the owner for the calling game, unless
// that happened moments ago or too often or cannot be texted, and tells the caller how to go on.
[[nodiscard]] Awaitable<Response> phone_share_required(Call const& call, domain::PhoneRef const& phone,
                                                       domain::PersonRef const& person);

}  // namespace florin::api
