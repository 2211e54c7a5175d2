// SPDX-License-Identifier: MIT
// The packet path of one worker: for one scheme, charge level, era and shape.
//
// Layers, each a header that includes the ones before it:
//   path_references.hpp  what packets and objects hold, and where it is given back
//   path_steps.hpp       the steps that both eras take alike
//   era/                 one kernel each: the order of the steps, and its own references and locks
// Everything on the way of a packet is inlined into poll(), or into what it calls once (readers,
// completions), so that no scheme pays for a call that another one does not make.
#pragma once

#include <type_traits>

#include "bench/workloads/netpath/era.hpp"
#include "bench/workloads/netpath/era/linux_2_6.hpp"
#include "bench/workloads/netpath/era/linux_6.hpp"

namespace getput::bench::netpath {

/// The schemes that counted an era's objects, and the table that finds its sockets.
template <Variant V>
using VariantObjects = std::conditional_t<
    V.era == Era::linux_2_6, Linux26Objects,
    std::conditional_t<V.tables == Tables::lfht, InLfht<Linux6Objects>, Linux6Objects>>;

/// @p Counting: counts the references it takes, for the books. Timed code does not.
template <class S, Charge C, Variant V, bool Counting = true, class Objects = VariantObjects<V>>
using Path = std::conditional_t<V.era == Era::linux_2_6, Linux26Path<S, C, Objects, Counting>,
                                Linux6Path<S, C, V.shape, Objects, Counting>>;

}  // namespace getput::bench::netpath
