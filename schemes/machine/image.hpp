// SPDX-License-Identifier: MIT
// Images: the executable and the shared libraries of a process, of which several may hold a copy of
// this header library. Two things an image needs to know about the others.
//
//   PinnedImage          keeps an image mapped until the process ends
//   shared_by_images()   a pointer that is the same in every image
//
// The copies of a header library do not share a variable in general: a variable with hidden
// visibility belongs to its image, and a library that is loaded with dlopen() does not see a
// variable of the executable, which exports none. So each image carries an ELF note that says where
// its copy of the pointer lies, and an image without the pointer looks through the notes of all
// images. A note needs no exported symbol, no file and no environment variable.
//
// What belongs to an image is hidden, whatever the flags of the unit: with default visibility the
// dynamic linker may bind an image to the variables, and to the functions that set them, of
// another.
//
// Limits: dlmopen() makes namespaces that do not see each other's images, nor share their liburcu.
#pragma once

#include <dlfcn.h>
#include <link.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace getput::machine {

/// Keeps the image that holds @p address mapped, as if it had been linked with -z nodelete. No
/// effect for the executable, which stays anyway.
inline void pin_image(const void* address) noexcept {
  Dl_info info;
  void* extra = nullptr;
  if (dladdr1(address, &info, &extra, RTLD_DL_LINKMAP) == 0 || extra == nullptr)
    return;  // a static executable
  const char* const name = static_cast<const link_map*>(extra)->l_name;
  if (name != nullptr && *name != '\0')
    dlopen(name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

/// Pins the image that calls this, when it is loaded (not later: dlopen() allocates, and the call
/// may be in a signal handler). For code and thread-local storage that the kernel, libc or another
/// thread still reaches after the image could have been closed. Costs nothing where it is called.
/// A template, so that an image that only includes the header is not pinned.
template <class T = void>
struct [[gnu::visibility("hidden")]] PinnedImage {
  static const bool done;
};
template <class T>
inline const bool PinnedImage<T>::done = (pin_image(&PinnedImage<T>::done), true);

template <class T = void>
[[gnu::always_inline]] inline void keep_image_mapped() noexcept {
  static_cast<void>(&PinnedImage<T>::done);
}

namespace image {

/// Changes whenever the layout of anything that images share changes: images of different versions
/// do not share.
inline constexpr std::uint32_t kSharedLayout = 1;

using Place = std::atomic<void*>;

#if defined(__x86_64__)
#define GETPUT_LOAD_ADDRESS "{leaq 665b(%%rip), %[place]|lea %[place], 665b[rip]}\n"
#elif defined(__aarch64__)
#define GETPUT_LOAD_ADDRESS "adrp %[place], 665b\nadd %[place], %[place], :lo12:665b\n"
#endif

/// This image's place for the pointer.
[[gnu::noinline, gnu::visibility("hidden")]] inline Place& own_place() noexcept {
#if defined(GETPUT_LOAD_ADDRESS)
  Place* place;
  // "?" keeps all of it in the group of this function: the linker drops it with duplicate copies.
  // A note: size of the name, size of the content, type, name, content (elf(5)).
  asm(".pushsection .data.getput_shared, \"aw?\"\n"
      ".balign 8\n"
      "665: .quad 0\n"
      ".popsection\n"
      ".pushsection .note.getput, \"a?\", %%note\n"
      ".balign 4\n"
      ".long 7, 4, %c[layout]\n"
      ".asciz \"getput\"\n"
      ".balign 4\n"
      ".long 665b - .\n"
      ".popsection\n" GETPUT_LOAD_ADDRESS
      : [place] "=r"(place)
      : [layout] "i"(kSharedLayout));
  return *place;
#else
  static constinit Place place{nullptr};
  return place;
#endif
}
#undef GETPUT_LOAD_ADDRESS

/// The content of a note of ours within [@p at, @p end): the place that it names. Null if there is
/// none.
inline Place* place_in_notes(const char* at, const char* end, std::size_t alignment) noexcept {
  struct Header {
    std::uint32_t name_bytes;
    std::uint32_t content_bytes;
    std::uint32_t type;
  };
  const auto round_up = [alignment](std::size_t n) {
    return (n + alignment - 1) & ~(alignment - 1);
  };
  while (static_cast<std::size_t>(end - at) >= sizeof(Header)) {
    Header header;
    std::memcpy(&header, at, sizeof(header));
    const char* const name = at + sizeof(header);
    const std::size_t content_at = round_up(sizeof(header) + header.name_bytes);
    const std::size_t next_at = round_up(content_at + header.content_bytes);
    if (next_at > static_cast<std::size_t>(end - at))
      return nullptr;
    if (header.name_bytes == 7 && header.content_bytes == 4 && header.type == kSharedLayout &&
        std::memcmp(name, "getput", 7) == 0) {
      const char* const content = at + content_at;
      std::int32_t distance;
      std::memcpy(&distance, content, sizeof(distance));
      return reinterpret_cast<Place*>(const_cast<char*>(content) + distance);
    }
    at += next_at;
  }
  return nullptr;
}

/// The pointer of any image that has it. Called by dl_iterate_phdr() for each.
inline int look_into(dl_phdr_info* info, std::size_t, void* found) noexcept {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_NOTE)
      continue;
    const auto* const begin = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
    Place* const place = place_in_notes(begin, begin + header.p_memsz, header.p_align >= 8 ? 8 : 4);
    void* const pointer = place != nullptr ? place->load(std::memory_order_acquire) : nullptr;
    if (pointer != nullptr) {
      *static_cast<void**>(found) = pointer;
      return 1;
    }
  }
  return 0;
}

}  // namespace image

/// The pointer that all images share; made by @p make() where no image has it yet. Serialized by
/// the dynamic loader's lock, which dl_iterate_phdr() holds while it calls back.
template <class T>
T* shared_by_images(T* (*make)()) noexcept {
  image::Place& own = image::own_place();
  if (void* const known = own.load(std::memory_order_acquire); known != nullptr)
    return static_cast<T*>(known);
  struct Request {
    image::Place& own;
    T* (*make)();
  } request{own, make};
  // Called for one image, to hold the lock around the search and the making.
  dl_iterate_phdr(
      [](dl_phdr_info*, std::size_t, void* argument) {
        auto& asked = *static_cast<Request*>(argument);
        void* found = nullptr;
        dl_iterate_phdr(&image::look_into, &found);
        if (found == nullptr)
          found = asked.make();
        asked.own.store(found, std::memory_order_release);
        return 1;
      },
      &request);
  return static_cast<T*>(own.load(std::memory_order_acquire));
}

}  // namespace getput::machine
