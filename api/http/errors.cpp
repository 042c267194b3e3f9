#include "api/http/errors.h"
