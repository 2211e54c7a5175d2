# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Programs on an aarch64 kernel of Debian, which qemu emulates with the machine: unlike qemu-user it
# has rseq, membarrier, preemption and two NUMA nodes. What it has not is a weak memory order, where
# the host has none.

# The first process: every program of /tests in turn, then off.
write_init() {
  cat >"$1" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for program in /tests/*; do
  "$program" --gtest_brief=1 --gtest_color=no
  echo "getput: ${program#/tests/} ended with $?"
done
/bin/busybox poweroff -f
INIT
  chmod +x "$1"
}

# make_initrd FOLDER SYSROOT KERNEL PROGRAM...: FOLDER/initrd.gz
make_initrd() {
  local folder=$1 sysroot=$2 kernel=$3 root=$1/root program
  shift 3
  rm -rf "$root"
  mkdir -p "$root"/{bin,dev,lib,proc,sys,tests,tmp}
  write_init "$root/init"
  cp "$kernel/bin/busybox" "$root/bin/"
  cp -L /usr/aarch64-linux-gnu/lib/{ld-linux-aarch64.so.1,libc.so.6,libm.so.6,libgcc_s.so.1,libstdc++.so.6} \
    "$sysroot"/usr/lib/aarch64-linux-gnu/lib{urcu,ck}*.so.? "$root/lib/"
  for program; do
    aarch64-linux-gnu-strip -o "$root/tests/${program##*/}" "$program"
  done
  (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$folder/initrd.gz"
}

# plant_rseq_bug BUILD SYSROOT PROGRAM: the per-CPU tests with sections that the kernel is never told
# of, so that none is started over
plant_rseq_bug() {
  local build=$1 libraries=$2/usr/lib/aarch64-linux-gnu copy=$3.source
  local header=schemes/machine/rseq_aarch64.hpp
  rm -rf "$copy"
  mkdir -p "$copy"
  cp -r "$root/schemes" "$root/tests" "$copy"
  sed -i 's/"str x9, \[%\[area\], #8\]\\n"/"nop\\n"/' "$copy/$header"
  ! cmp -s "$root/$header" "$copy/$header" || die 1 "$header does not publish its section as it did"
  aarch64-linux-gnu-g++ -std=c++20 -O2 -DGETPUT_TEST_EMULATED -I"$copy" \
    -isystem "$2/usr/include" -isystem "$2/usr/include/aarch64-linux-gnu" \
    -isystem /usr/src/googletest/googletest/include -o "$3" \
    "$copy/tests/schemes/machine/per_cpu_test.cpp" "$build/tests/schemes/libgetput_contract.a" \
    "$build"/lib/libgtest{_main,}.a -L"$libraries" -lurcu-memb -lurcu-common -pthread
}

# boot_aarch64 FOLDER KERNEL: what the machine prints. qemu takes interrupts between the blocks that
# it translates, and a section's commit is one block: without -singlestep nothing ever breaks it.
boot_aarch64() {
  qemu-system-aarch64 -M virt -cpu max -smp 4,sockets=2,cores=2 -m 2G -nic none -nographic -no-reboot -singlestep \
    -object memory-backend-ram,id=near,size=1G -object memory-backend-ram,id=far,size=1G \
    -numa node,cpus=0-1,memdev=near -numa node,cpus=2-3,memdev=far \
    -kernel "$2"/boot/vmlinuz-* -initrd "$1/initrd.gz" -append 'console=ttyAMA0 quiet panic=-1' \
    </dev/null 2>&1 | sed -u 's/\r$//'
}
