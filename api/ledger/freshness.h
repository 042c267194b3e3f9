// Waiting until a view on disk shows what the caller wants to see. On an io thread.
#pragma once

#include <string_view>

#include "api/environment.h"
#include "api/http/asio.h"
#include "api/http/completion.h"

namespace florin::api {

// Waits for a view on disk without holding a thread. With a wanted position: until there, or false after kViewWaitMs,
// and when Runner::kWaitersMax wait already. Without one: a view that is nearly there gets kViewGraceMs to show what
// was durable when the request came, so that a caller who writes and then reads sees the write; either way true.
[[nodiscard]] Awaitable<bool> reach_view(Inbox& inbox, Environment& environment, std::string_view name,
                                         domain::Position wanted);
inline constexpr int kViewWaitMs = 2'000;
inline constexpr int kViewGraceMs = 100;
inline constexpr std::uint64_t kNearlyThere = 1'000;  // events: a few ms of work

}  // namespace florin::api
