// Another reader of HTTP/1.1, written apart from api/http and in another way: the judge of where requests end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace florin::api::testing {

struct SplitRequest {
  std::string method;
  std::string target;
  std::string body;
};

enum class Reading {
  strict,   // RFC 9112 by the letter; stops at the first doubt
  careless  // a proxy of the bad kind: a line ends at LF, what follows a chunk's size is not looked at
};

// The requests that such a reader sees, one after another, up to the first that is malformed or not whole.
[[nodiscard]] std::vector<SplitRequest> split_requests(std::string_view bytes, Reading reading);

}  // namespace florin::api::testing
