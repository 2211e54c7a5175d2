// SPDX-License-Identifier: MIT
// Loader<S>: modules from real shared objects, counted by scheme S.
//
//   modules::Loader<AtomicBase<>> loader;
//   auto udp = loader.load("udp");
//   if (!udp.status.ok()) ...
//   if (auto ticket = try_module_get(udp.module.get())) {
//     udp.module->transport()->rcv(...);
//     module_put(udp.module.get(), ticket);
//   }
//   loader.delete_module("udp", O_NONBLOCK);
//
// A handle (shared_ptr) keeps the Module object alive, not its code: after the removal the object
// is a tombstone on which try_module_get() fails. So a thread that keeps a handle can go on trying
// throughout a removal. A plug-in file can be mapped by one loader of the process at a time. The
// destructor is shutdown(), with what went wrong as warnings.
//
// A thread that calls a loader or takes references holds the scheme's ThreadGuardFor<S>.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "modules/loader_core.hpp"
#include "modules/module.hpp"
#include "schemes/scheme.hpp"

namespace getput::modules {

template <Scheme S>
class Loader : public LoaderCore {
 public:
  using Handle = std::shared_ptr<Module<S>>;

  /// Outcome of a load; `module` is null unless `status` is ok.
  struct Loaded {
    Status status;
    Handle module;
  };

  /// A symbol of another module together with the reference that keeps it valid.
  struct Symbol {
    const void* address = nullptr;  ///< null: not found, or its module is not LIVE
    Handle owner;
    ModuleTicket<S> ticket;
  };

  explicit Loader(LoaderOptions options = {})
      : LoaderCore(std::move(options),
                   {std::string(S::info.name), S::info.removal, S::info.try_stop}) {}

  /// Loads `name`.so and runs its init(params). Errors: EINVAL not a module name; ENOENT no such
  /// file, or a dependency is not loaded; EEXIST already LIVE; EBUSY loaded but not LIVE (waits for
  /// one that is still coming), a dependency kept COMING too long, or the file is mapped by another
  /// loader; EINTR `token` ended the wait; ENOEXEC not a getput module of this ABI; EOPNOTSUPP or
  /// ENOMEM the scheme cannot be constructed here; else what init() returned.
  Loaded load(const std::string& name, const std::string& params = {}, std::stop_token token = {}) {
    std::shared_ptr<ModuleBase> module;
    const Factory make = [this] { return std::make_shared<Module<S>>(options().coming); };
    Status status = load_module(name, params, std::move(token), make, module);
    return {std::move(status), std::static_pointer_cast<Module<S>>(module)};
  }

  /// The module of that name in any state but UNFORMED, or null.
  [[nodiscard]] Handle find(const std::string& name) const {
    return std::static_pointer_cast<Module<S>>(find_module(name));
  }

  /// Finds a symbol that a LIVE module offers and takes a reference to that module.
  [[nodiscard]] Symbol symbol_get(const std::string& symbol) {
    Symbol found;
    std::shared_ptr<ModuleBase> owner;
    const auto get = [&](ModuleBase& module) {
      found.ticket = try_module_get(static_cast<Module<S>*>(&module));
      return static_cast<bool>(found.ticket);
    };
    if (find_symbol(symbol, get, owner, found.address).ok())
      found.owner = std::static_pointer_cast<Module<S>>(owner);
    return found;
  }

  /// Gives back what symbol_get() took; nothing for a symbol that was not found.
  void symbol_put(const Symbol& symbol) noexcept {
    if (symbol.owner)
      module_put(symbol.owner.get(), symbol.ticket);
  }
};

}  // namespace getput::modules
