#include "eventstore/sqlite_log.h"
