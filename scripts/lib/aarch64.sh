# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A folder with the aarch64 packages of Debian that the cross build links against, unpacked without
# installing anything: apt gets its own private state, so no architecture is added to the system.

# fill_aarch64_sysroot FOLDER
fill_aarch64_sysroot() {
  local sysroot=$1 state=$1/apt package deb
  local -a packages=(liburcu8 liburcu-dev libck0 libck-dev libboost1.74-dev)
  [[ $(cat "$sysroot/complete" 2>/dev/null) != "${packages[*]}" ]] || return 0
  rm -rf "$sysroot"
  mkdir -p "$state"/{lists/partial,cache/archives/partial}
  : >"$state/status"
  local -a apt=(apt-get -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64
    -o Dir::State::Lists="$state/lists" -o Dir::State::status="$state/status"
    -o Dir::Cache="$state/cache" -o Debug::NoLocking=true -o APT::Sandbox::User=)
  say "fetching the aarch64 libraries (${packages[*]})"
  if ! (cd "$state" && "${apt[@]}" update && "${apt[@]}" download "${packages[@]}") \
    >"$state/log" 2>&1; then
    tail -n 5 "$state/log" >&2
    die 3 "cannot fetch aarch64 packages; remedy: check the network and apt-get update"
  fi
  for package in "${packages[@]}"; do
    for deb in "$state/${package}"_*_arm64.deb; do
      dpkg -x "$deb" "$sysroot"
    done
  done
  rm -rf "$state"
  printf '%s\n' "${packages[*]}" >"$sysroot/complete"
}
