#include "projections/orders.h"
