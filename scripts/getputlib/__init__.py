# SPDX-License-Identifier: MIT
"""What stands behind scripts/getput: selecting, running, judging and showing measurements.

The knowledge of which cells exist lives in the C++ binary alone (docs/architecture.md). This
package chooses among them, orders them, survives crashes, and turns trials into statistics.
Modules that `doctor` needs import the standard library only, so that it can report the rest.
"""

VERSION = "0.1.0"
