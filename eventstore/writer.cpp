#include "eventstore/writer.h"
