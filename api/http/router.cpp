#include "api/http/router.h"
