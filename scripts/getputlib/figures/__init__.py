# SPDX-License-Identifier: MIT
"""The figures of the report, one module each; a figure also says in words what it shows."""
