#include "projections/reconciliation.h"
