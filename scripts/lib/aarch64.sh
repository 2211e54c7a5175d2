# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# aarch64 packages of Debian, unpacked into folders without installing anything: apt gets its own
# private state, so no architecture is added to the system.

# fetch_arm64_lists STATE: apt's lists in STATE; the caller's array apt_options then uses them
fetch_arm64_lists() {
  local state=$1
  mkdir -p "$state"/{lists/partial,cache/archives/partial}
  : >"$state/status"
  apt_options=(-o APT::Architecture=arm64 -o APT::Architectures::=arm64
    -o Dir::State::Lists="$state/lists" -o Dir::State::status="$state/status"
    -o Dir::Cache="$state/cache" -o Debug::NoLocking=true -o APT::Sandbox::User=)
  apt-get -q "${apt_options[@]}" update >"$state/log" 2>&1
}

# The package of the kernel itself, which has its release in the name.
newest_arm64_kernel() {
  apt-cache "${apt_options[@]}" depends linux-image-arm64 |
    sed -n 's/^ *Depends: \(linux-image-.*-arm64\)$/\1/p' | head -n 1
}

# unpack_arm64 FOLDER PACKAGE...: linux-image-arm64 stands for the newest kernel
unpack_arm64() {
  local folder=$1 state=$1/apt deb
  shift
  [[ $(cat "$folder/complete" 2>/dev/null) != "$*" ]] || return 0
  rm -rf "$folder"
  say "fetching aarch64 packages ($*)"
  local -a apt_options packages
  if ! {
    fetch_arm64_lists "$state" &&
      mapfile -t packages < <(printf '%s\n' "${@/#linux-image-arm64/$(newest_arm64_kernel)}") &&
      (cd "$state" && apt-get -q "${apt_options[@]}" download "${packages[@]}") >>"$state/log" 2>&1
  }; then
    tail -n 5 "$state/log" >&2
    die 3 "cannot fetch aarch64 packages; remedy: check the network and apt-get update"
  fi
  for deb in "$state"/*_arm64.deb; do
    dpkg -x "$deb" "$folder"
  done
  rm -rf "$state"
  printf '%s\n' "$*" >"$folder/complete"
}

# fill_aarch64_sysroot FOLDER: what the cross build links against
fill_aarch64_sysroot() {
  unpack_arm64 "$1" liburcu8 liburcu-dev libck0 libck-dev libboost1.74-dev
}
