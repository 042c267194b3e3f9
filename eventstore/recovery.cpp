#include "eventstore/recovery.h"
