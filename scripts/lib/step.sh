#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One step of scripts/test, in a process of its own so that it can be given a time limit.
# The last lines of ctest and pytest go to $GETPUT_SUMMARY, for the closing table.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/lib/aarch64.sh
source "$root/scripts/lib/aarch64.sh"
# shellcheck source=scripts/lib/aarch64_kernel.sh
source "$root/scripts/lib/aarch64_kernel.sh"
# shellcheck source=scripts/lib/measured_steps.sh
source "$root/scripts/lib/measured_steps.sh"

summary=${GETPUT_SUMMARY:-/dev/null}
python=/usr/bin/python3

# Arguments of ctest that a step adds.
ctest_also=()

# run_ctest PRESET [FOLDER...]: the tests of the preset, or of these folders of its build; the log
# stays beside the build
run_ctest() {
  local preset=$1 build log folder skipped status=0
  shift
  build=$(build_folder "$preset")
  log=$build/ctest.log
  (($#)) || set -- .
  : >"$log"
  for folder; do
    ctest --test-dir "$build/$folder" --output-on-failure --no-tests=error -j "$(nproc)" "${ctest_also[@]}" \
      >>"$log" 2>&1 || status=$?
  done
  if ((status)); then
    grep -vE '^ *([0-9]+/[0-9]+ Test|Start +[0-9]+:).*(Passed|Start)' "$log" | tail -n 120
  fi
  # ctest's own closing lines, whatever the outcome
  grep -E '^[0-9]+% tests passed|^Total Test time|^\s+[0-9]+ - .*\((Failed|Timeout|SEGFAULT|ILLEGAL|Subprocess aborted|Not Run)' \
    "$log" | tee -a "$summary"
  skipped=$(grep -cF '***Skipped' "$log" || true)
  ((skipped == 0)) || echo "$skipped tests skipped; the log says why" | tee -a "$summary"
  ((status == 0)) || die 1 "tests of the preset $preset failed; whole log: $log"
}

step_base() {
  build_preset ci
  run_ctest ci
  [[ ! -d $root/tests/scripts ]] || run_pytest
}

run_pytest() {
  local log status=0
  log=$(build_folder ci)/pytest.log
  (cd "$root" && GETPUT_BENCH=$(bench_binary ci) \
    "$python" -B tests/scripts/in_parallel.py) >"$log" 2>&1 || status=$?
  if ((status)); then
    tail -n 100 "$log"
  fi
  printf 'pytest: %s\n' "$(tail -n 1 "$log")" | tee -a "$summary"
  ((status == 0)) || die 1 "the Python tests failed; whole log: $log"
}

# What --base tries of other people's compiler flags, and the rest of them.
step_flags() {
  local log status=0
  log=$(build_folder flags).log
  mkdir -p "$(dirname "$log")"
  (cd "$root" && GETPUT_ALL_FLAGS=1 "$python" -B -m pytest -q -p no:cacheprovider \
    tests/scripts/test_guest_flags.py tests/scripts/test_guest_liburcu.py) >"$log" 2>&1 || status=$?
  printf 'flags: %s\n' "$(tail -n 1 "$log")" | tee -a "$summary"
  ((status == 0)) || die 1 "a header does not compile under some flags; whole log: $log"
}

# The other builds compile what a second compiler or a sanitizer can find something in, and no more:
# five whole builds do not fit into the time of a CI run on two cores.
readonly contract_targets=(getput-contract getput-machine-test)

# The contract tests are compiled by clang in --asan, and without a sanitizer at night.
step_clang() {
  build_preset clang getput-machine-test getput-mutants getput-images getput-images-linked \
    getput-instructions getput-instructions-planted
  ctest_also=(--exclude-regex NOT_BUILT)
  run_ctest clang tests/schemes tests/instructions
  # Compiled only: the objects of the binary, and the packet path with its tests.
  build_preset clang-debug getput-bench-schemes getput_program getput_pairs getput_removal getput_oracle \
    getput_dst_series netpath_test
}

step_clang_contract() {
  build_preset clang getput-contract
  ctest_also=(--tests-regex Contract/)
  run_ctest clang tests/schemes
}

# run_sanitized PRESET FOLDER...: the tests of a build with a sanitizer that were built
run_sanitized() {
  ctest_also+=(--exclude-regex NOT_BUILT)
  ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 run_ctest "$@"
}

step_asan() {
  build_preset asan "${contract_targets[@]}"
  run_sanitized asan tests/schemes
}

step_tsan() {
  build_preset tsan "${contract_targets[@]}"
  run_sanitized tsan tests/schemes
}

# What the two steps above leave out: the contract of the schemes that are not marked SANITIZED, and the
# packet path, whose parsers --fuzz tries under AddressSanitizer.
step_asan_contract() {
  build_preset asan netpath_test
  run_sanitized asan tests/bench/workloads/netpath
  sanitized_contract asan
}

step_tsan_contract() {
  sanitized_contract tsan
}

sanitized_contract() {
  build_preset "$1" getput-contract getput-contract-modelled
  ctest_also=(--tests-regex Contract/)
  run_sanitized "$1" tests/schemes
}

# Half a minute for each target, from the committed seeds and from what earlier runs of this build found.
step_fuzz() {
  local build target found log status
  build_preset fuzz getput-fuzz-frame getput-fuzz-capture getput-fuzz-corpus
  build=$(build_folder fuzz)
  rm -rf "$build/seeds"
  "$build/tests/fuzz/getput-fuzz-corpus" "$build/seeds"
  diff -r "$build/seeds" "$root/tests/fuzz/corpus" ||
    die 1 "tests/fuzz/corpus is not what getput-fuzz-corpus writes; remedy: run it on that folder and commit"
  for target in frame capture; do
    found=$build/found/$target
    log=$build/$target.log
    status=0
    mkdir -p "$found"
    "$build/tests/fuzz/getput-fuzz-$target" -max_total_time=30 -max_len=2048 -timeout=10 -print_final_stats=1 \
      -artifact_prefix="$build/$target-" "$found" "$root/tests/fuzz/corpus/$target" >"$log" 2>&1 || status=$?
    if ((status)); then
      tail -n 40 "$log"
      die 1 "the fuzzer of $target found something; whole log: $log"
    fi
    awk -v target="$target" '/number_of_executed_units/ {executed = $2} /^INFO: seed corpus/ {seeds = $5}
      END {printf "fuzz %s: %d executions from %d seeds, nothing found\n", target, executed, seeds}' "$log" |
      tee -a "$summary"
  done
}

step_fuzz_planted() {
  local work status=0
  work=$(build_folder fuzz-planted)
  mkdir -p "$work"
  "$python" -B "$root/tests/fuzz/planted.py" "$work" | tee "$work.txt" || status=$?
  tail -n 1 "$work.txt" >>"$summary"
  ((status == 0)) || die "$status" "a bug planted into the parsers was not found; the table: $work.txt"
}

step_model() {
  build_preset model getput-model
  run_ctest model tests/model
}

step_mutants() {
  build_preset model getput-model
  build_preset ci getput-mutants modules_test
  local table status=0
  table=$(build_folder ci)/mutants.txt
  "$python" -B "$root/tests/mutants/run.py" --model "$(build_folder model)" \
    --ci "$(build_folder ci)" | tee "$table" || status=$?
  tail -n 1 "$table" >>"$summary"
  ((status == 0)) || die 1 "a planted bug was not caught; the table: $table"
}

step_sweep() {
  build_preset model getput-model
  local list status=0
  list=$(build_folder model)/sweep.txt
  "$python" -B "$root/tests/mutants/sweep.py" --model "$(build_folder model)" | tee "$list" ||
    status=$?
  tail -n 1 "$list" >>"$summary"
  ((status == 0)) || die 1 "a change of a scheme was not noticed; the list: $list"
}

# build_aarch64 [TARGET...]
build_aarch64() {
  local sysroot
  sysroot=$(build_folder aarch64-sysroot)
  fill_aarch64_sysroot "$sysroot"
  export GETPUT_AARCH64_SYSROOT=$sysroot
  build_preset aarch64 "$@"
}

step_aarch64() {
  build_aarch64 getput-machine-test
  ctest_also=(--exclude-regex '_NOT_BUILT$') # the contract tests, which nightly builds
  run_ctest aarch64 tests/schemes
}

step_aarch64_contract() {
  build_aarch64
  run_ctest aarch64
}

# rseq, membarrier and two NUMA nodes, which qemu-user does not have.
step_aarch64_kernel() {
  local kernel build work log planted
  kernel=$(build_folder aarch64-linux)
  work=$(build_folder aarch64-machine)
  planted=$work/getput-planted
  log=$work/console.log
  unpack_arm64 "$kernel" linux-image-arm64 busybox-static
  build_aarch64 "${contract_targets[@]}"
  build=$(build_folder aarch64)
  mkdir -p "$work"
  plant_rseq_bug "$build" "$GETPUT_AARCH64_SYSROOT" "$planted"
  make_initrd "$work" "$GETPUT_AARCH64_SYSROOT" "$kernel" \
    "${contract_targets[@]/#/$build/tests/schemes/}" "$planted"
  boot_aarch64 "$work" "$kernel" >"$log"
  grep -E '^getput: .* ended with|^\[  (PASSED|FAILED|SKIPPED) ' "$log" | head -n 60 | tee -a "$summary"
  (($(grep -c '^getput: getput-[cm].* ended with 0$' "$log") == ${#contract_targets[@]})) ||
    die 1 "tests on the emulated aarch64 machine failed; whole log: $log"
  grep -q '^getput: getput-planted ended with 1$' "$log" ||
    die 1 "nobody noticed rseq sections that are never started over; whole log: $log"
}

# Installs the header library alone, moves what was installed, and builds the examples as projects of
# their own, in a copy: nothing of this tree is in reach but what was installed.
step_example() {
  local work prefix log
  work=$(build_folder example)
  prefix=$work/moved
  log=$work/log
  rm -rf "$work"
  mkdir -p "$work"
  {
    cmake -S "$root" -B "$work/getput" -G Ninja -DGETPUT_BUILD_BENCH=OFF -DGETPUT_BUILD_TESTS=OFF
    cmake --install "$work/getput" --prefix "$work/installed"
    mv "$work/installed" "$prefix"
    cp -r "$root/examples" "$work/source"
  } >"$log" 2>&1 || {
    tail -n 30 "$log"
    die 1 "the header library cannot be installed; whole log: $log"
  }
  # liburcu is out of reach: the schemes of this example need nothing but threads.
  PKG_CONFIG_LIBDIR=/nonexistent build_example percpu_ref percpu_ref "-DCMAKE_PREFIX_PATH=$prefix"
  ! readelf -d "$work/percpu_ref/percpu_ref_example" | grep -q 'NEEDED.*urcu' ||
    die 1 "the example percpu_ref is linked with liburcu"
  build_example own_rcu own_rcu "-DCMAKE_PREFIX_PATH=$prefix"
  build_example scenarios scenarios "-DCMAKE_PREFIX_PATH=$prefix"
  build_example fetched subproject "-DGETPUT_SOURCE=$root"
  build_example subproject subproject "-DGETPUT_SOURCE=$root" -DHOW=add_subdirectory
  PKG_CONFIG_PATH=$prefix/share/pkgconfig make -C "$work/source/pkg_config" >>"$log" 2>&1 || {
    tail -n 30 "$log"
    die 1 "the example pkg_config does not build; whole log: $log"
  }
  "$work/source/pkg_config/pkg_config_example" || die 1 "the example pkg_config ended with $?"
  # A missing library is named, with its package.
  if PKG_CONFIG_LIBDIR=/nonexistent cmake -S "$work/source/own_rcu" -B "$work/missing" \
    "-DCMAKE_PREFIX_PATH=$prefix" >"$work/missing.log" 2>&1 ||
    ! tr -s ' \n' ' ' <"$work/missing.log" | grep -q 'component rcu needs: apt-get install liburcu-dev'; then
    die 1 "a missing liburcu is not reported; log: $work/missing.log"
  fi
  build_example plugin plugin "-DCMAKE_PREFIX_PATH=$prefix"
  echo 'example: 7 projects built against the package and the sources, and run' | tee -a "$summary"
}

# build_example BUILD SOURCE ARGUMENT...: configures, builds and runs one; `work` and `log` are the caller's
build_example() {
  local build=$1 source=$2
  shift 2
  {
    cmake -S "$work/source/$source" -B "$work/$build" -G Ninja "$@" && cmake --build "$work/$build"
  } >>"$log" 2>&1 || {
    tail -n 30 "$log"
    die 1 "the example $build does not build; whole log: $log"
  }
  "$work/$build/${source}_example" || die 1 "the example $build ended with $?"
}

# CMake and the doctor name Debian packages too, for users who do not start with scripts/run. They must
# name what scripts/run installs.
check_package_lists() {
  local package known=" ${packages_build[*]} ${packages_python[*]} ${packages_test[*]} "
  while read -r package; do
    [[ $known == *" $package "* ]] || die 1 "scripts/lib/common.sh does not install $package"
  done < <(grep -ohE '\b(lib[a-z0-9+-]+-dev|nlohmann-json3-dev|python3-[a-z]+)\b' \
    "$root/cmake/Dependencies.cmake" "$root/cmake/GetputComponents.cmake" "$root/scripts/getputlib/dependencies.py" |
    grep -vE '^libc(6)?-dev$' | sort -u)
}

step_lint() {
  cd "$root"
  local -a sources scripts_here=(scripts/run scripts/test scripts/lib/*.sh .ci/run)
  mapfile -t sources < <(find schemes modules topology bench tests examples \
    -name '*.[ch]pp' -o -name '*.[ch]' | sort)
  clang-format-14 --dry-run -Werror "${sources[@]}" || die 1 "remedy: clang-format-14 -i"
  shellcheck -x "${scripts_here[@]}" || die 1 "shellcheck found something"
  check_package_lists
  local file unlicensed=0
  for file in "${sources[@]}"; do
    [[ $(head -n 1 "$file") =~ ^/[/*]\ SPDX-License-Identifier:\ MIT ]] || {
      say "$file: the first line is not the SPDX line"
      unlicensed=1
    }
  done
  ((unlicensed == 0)) || exit 1
  printf 'lint: %s C++ files and %s scripts clean\n' "${#sources[@]}" "${#scripts_here[@]}" |
    tee -a "$summary"
}

"step_${1//-/_}"
