#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The steps of scripts/test that measure: they run the benchmark binary and judge what it says. For
# step.sh, which sets root, python and summary.
# shellcheck disable=SC2034,SC2154

# The main job, as a user runs it, within the time that it promises.
step_smoke() {
  local work
  work=$(build_folder smoke)
  rm -rf "$work"
  # The preset ci compiles the same binary: where it is there, nothing is compiled twice.
  [[ ! -x $(bench_binary ci) ]] || export GETPUT_PRESET=ci
  build_preset "${GETPUT_PRESET:-release}" getput-run
  SECONDS=0
  local status=0
  "$root/scripts/run" --smoke --out "$work" || status=$?
  local took=$SECONDS
  # 1 without a wrong result or a crash: the machine was too busy for the promised trials.
  if ((status == 1)) && "$root/scripts/getput" summary "$work" >/dev/null; then
    echo 'smoke: cells lack trials, this machine is too busy' | tee -a "$summary"
    status=0
  fi
  ((status == 0)) || die 1 "scripts/run --smoke ended with $status"
  "$root/scripts/getput" validate "$work" || die 1 "the results do not match the schema"
  [[ -s $work/report.html ]] || die 1 "scripts/run --smoke left no report.html"
  printf 'smoke: %s trials in %s s, valid\n' "$(wc -l <"$work/trials.jsonl")" "$took" |
    tee -a "$summary"
  ((took <= 180)) || die 1 "scripts/run --smoke took $took s, more than 180"
  check_capture "$root/../shared/data/sanitized4k.pcap" 4096
}

# The schemes of other projects: their contract, bugs planted in the adapters, and a run whose report ranks them.
step_peers() {
  local work status=0
  work=$(build_folder peers-smoke)
  rm -rf "$work"
  build_preset peers-ci getput-peers-contract getput-peers-mutants getput-run
  ctest_also=(--exclude-regex '^instructions\.planted') # not built here
  run_ctest peers-ci tests/peers tests/instructions
  # Two threads and the pairs alone: what the report's table of the fastest is made of.
  GETPUT_PRESET=peers-ci "$root/scripts/run" --peers --smoke --workload pairs --out "$work" || status=$?
  # 1 without a wrong result or a crash: the machine was too busy for the promised trials.
  if ((status == 1)) && "$root/scripts/getput" summary "$work" >/dev/null; then
    echo 'peers: cells lack trials, this machine is too busy' | tee -a "$summary"
    status=0
  fi
  ((status == 0)) || die 1 "scripts/run --peers --smoke ended with $status"
  "$root/scripts/getput" validate "$work" || die 1 "the results with peers do not match the schema"
  grep -q '<td>peer</td>' "$work/report.html" || die 1 "the report of a run with peers names no peer"
  printf 'peers: %s trials, valid\n' "$(wc -l <"$work/trials.jsonl")" | tee -a "$summary"
}

# Builds what the checks of the measurements run, and names it for scripts/getput. Where the preset ci
# has compiled the binary already, nothing is compiled twice.
build_measured() {
  local preset=${GETPUT_PRESET:-release}
  [[ ! -x $(bench_binary ci) ]] || preset=ci
  build_preset "$preset" getput-run
  GETPUT_BENCH=$(bench_binary "$preset")
  export GETPUT_BENCH
}

# Counts, not times: a busy machine changes no figure.
step_instructions() {
  local status=0
  build_preset ci getput-run getput-bench-counted
  "$python" -B "$root/scripts/lib/check_instructions.py" "$(bench_binary ci)" \
    "$(build_folder ci)/bin/getput-bench-counted" | sed 's/^/instructions: /' | tee -a "$summary" || status=$?
  ((status == 0)) || die 1 "the count of instructions is not as it must be, see above"
}

# The short form of the planted shift. Its bounds widen with the standard errors of the run, so that a
# busy machine does not look like a fault. Exit code 4 means "cannot tell": the step passes, and the
# table shows it.
step_resolution() {
  local said status=0
  build_measured
  SECONDS=0
  said=$("$root/scripts/getput" resolution --runs 3 --trials 6 --slices-ms 40 --widen) || status=$?
  tee -a "$summary" <<<"${said:-resolution: cannot tell, too few valid trials}"
  ((status == 0 || status == 4)) ||
    die 1 "getput resolution ended with $status"
  ((status == 4 || SECONDS <= 180)) || die 1 "getput resolution took $SECONDS s, more than 180"
}

step_reproduce() {
  local work status=0
  work=$(build_folder reproduce)
  build_measured
  rm -rf "$work"
  SECONDS=0
  "$root/scripts/getput" reproduce --out "$work" >"$work.txt" || status=$?
  cat "$work.txt"
  tail -n 1 "$work.txt" | sed 's/^/reproduce: /' >>"$summary"
  ((status == 0 || status == 4)) || die 1 "getput reproduce ended with $status"
  ((SECONDS <= 180)) || die 1 "getput reproduce took $SECONDS s, more than 180"
}

# check_capture FILE FRAMES: netpath on a real capture, where there is one beside the checkout
check_capture() {
  local work
  work=$(build_folder capture)
  if [[ ! -r $1 ]]; then
    echo "capture: not checked, there is no $1" | tee -a "$summary"
    return 0
  fi
  rm -rf "$work"
  GETPUT_BENCH=$(bench_binary "${GETPUT_PRESET:-release}") "$root/scripts/getput" run --quick --trials 1 \
    --workload netpath --pcap "$1" --out "$work" || die 1 "netpath on $1 ended with $?"
  "$root/scripts/getput" validate "$work" || die 1 "the results do not match the schema"
  "$python" -B "$root/scripts/lib/check_capture.py" "$work" "$2" |
    tee -a "$summary" || die 1 "netpath does not account for every frame"
}
