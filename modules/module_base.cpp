// SPDX-License-Identifier: MIT
#include "modules/module_base.hpp"

namespace getput::modules {

const char* to_string(ModuleState state) noexcept {
  switch (state) {
    case ModuleState::live:
      return "live";
    case ModuleState::coming:
      return "coming";
    case ModuleState::going:
      return "going";
    case ModuleState::unformed:
      return "unformed";
  }
  return "invalid";
}

ModuleBase::ModuleBase(ComingRule rule) noexcept
    : admits_up_to_(rule == ComingRule::plain ? ModuleState::coming : ModuleState::live) {
}

}  // namespace getput::modules
