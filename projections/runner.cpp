#include "projections/runner.h"
