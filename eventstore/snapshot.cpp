#include "eventstore/snapshot.h"
