// SPDX-License-Identifier: MIT
// sloppy with one spare a CPU at most: the model's callers are too few to have 64, and what a put
// does beyond the limit is to be checked too.
#include "schemes/distributed/sloppy.hpp"

#include "tests/model/model.hpp"

namespace getput {
template <class M>
class ThriftySloppy : public Sloppy<M, 1> {};
}  // namespace getput

GETPUT_MODEL_TESTS(ThriftySloppy)
