// The simulated outside world of the sandbox, as operators work with it.
#pragma once

#include "sagas/effects_loop.h"
#include "sagas/gateways/sandbox_phone.h"
#include "sagas/gateways/sandbox_processor.h"

namespace florin::api {

// Owned by the Environment, whose parts it refers to.
struct Sandbox {
  sagas::SandboxPhone& phone;
  sagas::SandboxProcessor& processor;
  sagas::EffectsLoop& effects;
};

}  // namespace florin::api
