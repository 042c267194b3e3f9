#include "eventstore/codec.h"
