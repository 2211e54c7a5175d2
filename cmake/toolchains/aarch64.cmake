# SPDX-License-Identifier: MIT
# aarch64 with Debian's cross compiler; liburcu of the target comes from an unpacked sysroot, so
# that nothing of another architecture is installed on the system. scripts/lib/aarch64.sh fills
# the sysroot; GETPUT_AARCH64_SYSROOT in the environment overrides where it is.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)

if(DEFINED ENV{GETPUT_AARCH64_SYSROOT})
  set(getput_sysroot "$ENV{GETPUT_AARCH64_SYSROOT}")
else()
  get_filename_component(getput_sysroot "${CMAKE_CURRENT_LIST_DIR}/../../build/aarch64-sysroot" ABSOLUTE)
endif()

# The compiler brings libc of its own; the sysroot only adds libraries to it.
set(getput_sysroot_lib "${getput_sysroot}/usr/lib/aarch64-linux-gnu")
set(ENV{PKG_CONFIG_LIBDIR} "${getput_sysroot_lib}/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${getput_sysroot}")
set(CMAKE_FIND_ROOT_PATH "${getput_sysroot}" /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_BUILD_RPATH "${getput_sysroot_lib}")
# -L prefix: where qemu finds the dynamic loader and libc of the target.
set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-aarch64;-L;/usr/aarch64-linux-gnu")
