// JSON in and out, for routes.
#pragma once

#include "api/http/json_body.h"    // IWYU pragma: export
#include "api/http/json_writer.h"  // IWYU pragma: export
