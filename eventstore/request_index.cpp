#include "eventstore/request_index.h"
