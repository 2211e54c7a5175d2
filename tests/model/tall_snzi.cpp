// SPDX-License-Identifier: MIT
// SNZI with more than one level: the model's machine has two CPUs, so a tree of one child a node
// stands for the inner nodes of a machine with more than eight.
#include "schemes/distributed/snzi.hpp"

#include "tests/model/model.hpp"

namespace getput {
template <class M>
class TallSnzi : public Snzi<M, 1> {};
}  // namespace getput

GETPUT_MODEL_TESTS(TallSnzi)
