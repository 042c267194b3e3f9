#include "api/private_memory.h"

#include <sys/prctl.h>

namespace florin::api {

bool keep_memory_private() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
#endif
}

}  // namespace florin::api
