#include "api/http/message.h"
