# SPDX-License-Identifier: MIT
"""What the schemes of the stand-in binary promise: ORDINARY, and CONTRACT where a scheme differs."""

ORDINARY = {
    "generation": None, "shared_by_threads": True, "put_on_other_thread": True, "put_on_other_cpu": True,
    "hold_across_sleep": True, "try_stop": True, "spurious_failure": False, "certain_after_stop": True,
    "get_while_going": True, "fork_any_moment": True, "get_allocates": False, "destroy_when_drained": True, "count": "exact", "zero": "last_put", "overflow": "wraps",
    "get_progress": "lock_free", "put_progress": "wait_free", "stop_progress": "wait_free", "bytes_per_object": 8,
    "bytes_allocated": 0, "bytes_per_cpu": 0, "bytes_per_thread": 0, "shared_bytes": 0, "shared_bytes_per_cpu": 0, "locked_in_get": 1,
    "locked_in_put": 1, "needs_rseq": False, "needs_membarrier": False, "needs_stop_machine": False,
    "needs_registration": False, "session": False,
}
SPLIT = {"spurious_failure": True, "count": "never_too_low", "zero": "remover_sum", "overflow": "sum_wraps",
         "locked_in_get": 0, "locked_in_put": 0, "needs_membarrier": True}
CONTRACT = {
    "atomic_base": {"generation": "3.19 to today"}, "unload_lock": {"generation": "2.4", "get_progress": "blocking"},
    "brlock": {"put_on_other_thread": False, "hold_across_sleep": False, "get_progress": "blocking", "shared_bytes_per_cpu": 64},
    "percpu_split": {**SPLIT, "generation": "2.6.34 to 3.18", "bytes_per_cpu": 16, "needs_rseq": True},
    "percpu_ref": {**SPLIT, "spurious_failure": False, "zero": "after_switch", "bytes_per_object": 32, "bytes_per_cpu": 16},
    "thread_split": {**SPLIT, "bytes_per_thread": 16},
    "rcu_memb": {"put_on_other_thread": False, "hold_across_sleep": False, "count": "not_possible", "zero": "grace_period",
                 "overflow": "no_counter", "try_stop": False, "needs_membarrier": True, "needs_registration": True,
                 "locked_in_get": None, "locked_in_put": None},
    "none": {"generation": "no unload", "zero": "never"}, "needs_rseq": {"generation": "proposed 2025", "needs_rseq": True},
}
