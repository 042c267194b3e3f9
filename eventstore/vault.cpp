#include "eventstore/vault.h"
