# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034  # the lists are read by the scripts that source this file
# Shared by scripts/run and scripts/test: messages, Debian packages, configure and build.
# Everything here writes to stderr; stdout belongs to the command that is run in the end.

# The real path: a checkout that is reached through a symbolic link has one build, not two.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

packages_build=(g++ cmake ninja-build pkg-config libhwloc-dev liburcu-dev libjemalloc-dev libpcap-dev
  libbenchmark-dev libcli11-dev nlohmann-json3-dev libfmt-dev libck-dev libboost-dev)
# Debian has xenium for amd64 only; elsewhere the scheme hazard_pointer is left out.
[[ $(uname -m) != x86_64 ]] || packages_build+=(libxenium-dev)
# What bench/peers measures besides; Debian 12 has no folly.
packages_peers=(libtbb-dev libabsl-dev libcds-dev libdpdk-dev)
packages_python=(python3 python3-numpy python3-scipy python3-matplotlib
  python3-jinja2 python3-jsonschema python3-rich)
packages_test=(libgtest-dev python3-pytest llvm-14-tools)
packages_model=(relacy-dev)
packages_instructions=(python3 valgrind binutils)
packages_clang=(clang-14)
packages_libcxx=(libc++-14-dev libc++abi-14-dev)
packages_fuzz=(clang-14 libclang-rt-14-dev)
packages_aarch64=(g++-aarch64-linux-gnu qemu-user googletest dpkg)
packages_aarch64_kernel=(qemu-system-arm cpio)
packages_lint=(clang-format-14 shellcheck)

say() { printf 'getput: %s\n' "$*" >&2; }

# die CODE MESSAGE: 1 a result is bad, 2 the request was bad, 3 the environment does not allow it
die() {
  local code=$1
  shift
  say "$*"
  exit "$code"
}

# The packages among the arguments that are not installed, one a line.
missing_packages() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      printf '%s\n' "$package"
  done
}

# sudo asks on the terminal, whatever stdin is; can_be_root has made sure that it can or need not.
as_root() {
  if ((EUID == 0)); then
    env "$@"
  else
    sudo env "$@"
  fi
}

can_be_root() {
  ((EUID == 0)) && return
  command -v sudo >/dev/null || return 1
  [[ -t 0 && -z ${CI:-} ]] || sudo -n true 2>/dev/null
}

# Ends with 3 and the line for an administrator when packages are missing and cannot be installed.
require_installable() {
  local -a missing
  command -v dpkg-query >/dev/null || return 0
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  [[ -z ${GETPUT_NO_APT:-} ]] ||
    die 3 "missing Debian packages, and nothing is to be installed; remedy: apt-get install ${missing[*]}"
  can_be_root ||
    die 3 "missing Debian packages and neither root nor sudo; remedy: apt-get install ${missing[*]}"
}

# Installs what is missing of the named Debian packages; calls apt only when something is.
need_packages() {
  local -a missing
  if ! command -v dpkg-query >/dev/null; then
    say "no dpkg here: install the equivalents of $* yourself if the build names a missing one"
    return 0
  fi
  require_installable "$@"
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { as_root DEBIAN_FRONTEND=noninteractive apt-get -q update &&
    as_root DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install \
      "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    die 3 "apt-get failed; remedy: apt-get install ${missing[*]}"
  fi
  rm -f "$log"
}

# build_preset PRESET [TARGET...]: configure and build in build/PRESET; a log beside it.
# GETPUT_BUILD_DIR overrides the folder; ccache is used when it is there.
build_preset() {
  local preset=$1 log directory
  shift
  directory=$(build_folder "$preset")
  log=$directory/build.log
  { mkdir -p "$directory" && [[ -w $directory ]]; } 2>/dev/null ||
    die 3 "cannot write the build folder $directory; remedy: GETPUT_BUILD_ROOT=FOLDER for the build," \
      "--out DIR for the results"
  local -a configure=(cmake -S "$root" -B "$directory" --preset "$preset")
  if moved_from "$directory"; then
    say "${directory#"$root"/} was configured for another checkout or place: configuring it anew"
    configure+=(--fresh)
  fi
  if command -v ccache >/dev/null; then
    # The same file in another checkout is the same file, with a precompiled header too. What is not
    # in the cache is not preprocessed in addition: the compiler lists what it includes.
    export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 CCACHE_SLOPPINESS=pch_defines,time_macros
    configure+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  say "building $preset in ${directory#"$root"/}"
  if ! (cd "$root" && "${configure[@]}") >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    die 3 "cmake could not configure the preset $preset; whole log: $log"
  fi
  local -a build=(cmake --build "$directory")
  (($# == 0)) || build+=(--target "$@")
  if [[ -t 2 ]]; then
    "${build[@]}" >&2 || die 3 "the build of $preset failed, see above"
  elif ! "${build[@]}" >>"$log" 2>&1; then
    grep -nE -A 12 'error|FAILED' "$log" | head -n 60 >&2
    die 3 "the build of $preset failed; whole log: $log"
  fi
  # What was not linked again is still current (scripts/getputlib/provenance.py).
  [[ ! -d $directory/bin ]] || touch "$directory/bin/.built"
}

# moved_from FOLDER: whether a build folder belongs to another checkout, or was copied or moved itself
moved_from() {
  local cache=$1/CMakeCache.txt
  [[ -f $cache ]] || return 1
  ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache" ||
    ! grep -qxF "CMAKE_CACHEFILE_DIR:INTERNAL=$(cd "$1" && pwd -P)" "$cache"
}

build_folder() { printf '%s\n' "${GETPUT_BUILD_ROOT:-$root/build}/$1"; }

# bench_binary PRESET [--paper]: the binary of --paper has what the other profiles do not measure
bench_binary() { printf '%s/bin/getput-bench%s\n' "$(build_folder "$1")" "${2:+-paper}"; }
