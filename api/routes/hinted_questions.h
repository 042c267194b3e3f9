// Questions whose phone was told how to answer: once each, so that two machines that text each other come to an end.
// Any thread; a restart forgets, and then such a phone may be told once more.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>

#include "domain/ids.h"

namespace florin::api {

class HintedQuestions {
 public:
  // True the first time.
  [[nodiscard]] bool take(domain::Position question) {
    std::lock_guard const lock(mutex_);
    bool const first = questions_.insert(question).second;
    if (questions_.size() > kQuestionsMax) questions_.erase(questions_.begin());
    return first;
  }

  // Some 4 MB. The oldest question is forgotten first: it waits 15 minutes at most, and these are many more than are
  // asked in 15 minutes.
  static constexpr std::size_t kQuestionsMax = 65'536;

 private:
  std::mutex mutex_;
  std::set<domain::Position> questions_;
};

}  // namespace florin::api
