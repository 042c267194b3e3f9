#include "api/private_memory.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>

namespace florin::api {
namespace {

TEST(PrivateMemory, NoDumpsAndNoDebuggers) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizers read their own process";
#endif
  ASSERT_TRUE(keep_memory_private());
  EXPECT_EQ(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
  EXPECT_EQ(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
}

}  // namespace
}  // namespace florin::api
