#include "projections/balances.h"
