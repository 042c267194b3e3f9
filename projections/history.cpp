#include "projections/history.h"
