#include "eventstore/chain.h"
