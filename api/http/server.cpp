#include "api/http/server.h"
