# SPDX-License-Identifier: MIT
# The components of the package beside `schemes`: a library that some schemes wrap, and the target that
# brings it. Used by the build of getput and, installed, by find_package(getput COMPONENTS ...).
#
#   rcu     grace/rcu_*.hpp          liburcu
#   ck      grace/ck_epoch.hpp, lock/ck_brlock.hpp   Concurrency Kit
#   boost   counter/intrusive_ptr.hpp
#   xenium  grace/hazard_pointer.hpp

set(getput_known_components rcu ck boost xenium)

# getput_component(<name> <missing>): defines getput::<name>, or sets <missing> to the Debian packages to
# install. The target is global where getput is built, so that a project around it sees it.
function(getput_component name missing)
  set(${missing} "" PARENT_SCOPE)
  if(TARGET getput::${name})
    return()
  endif()
  set(modules "")
  set(header "")
  if(name STREQUAL "rcu")
    set(modules liburcu-memb liburcu-mb liburcu-qsbr liburcu-bp)
    set(debian liburcu-dev)
  elseif(name STREQUAL "ck")
    set(modules ck)
    set(debian libck-dev)
  elseif(name STREQUAL "boost")
    set(header boost/smart_ptr/intrusive_ptr.hpp)
    set(debian libboost-dev)
  elseif(name STREQUAL "xenium")
    set(header xenium/reclamation/hazard_pointer.hpp)
    set(debian libxenium-dev)
  endif()

  if(modules)
    find_package(PkgConfig QUIET)
    if(NOT PkgConfig_FOUND)
      set(${missing} pkg-config ${debian} PARENT_SCOPE)
      return()
    endif()
    pkg_check_modules(GETPUT_${name} QUIET IMPORTED_TARGET GLOBAL ${modules})
    if(NOT GETPUT_${name}_FOUND)
      set(${missing} ${debian} PARENT_SCOPE)
      return()
    endif()
  else()
    find_path(GETPUT_${name}_INCLUDE_DIR "${header}")
    mark_as_advanced(GETPUT_${name}_INCLUDE_DIR)
    if(NOT GETPUT_${name}_INCLUDE_DIR)
      set(${missing} ${debian} PARENT_SCOPE)
      return()
    endif()
  endif()

  add_library(getput::${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(getput::${name} INTERFACE getput::schemes)
  if(modules)
    target_link_libraries(getput::${name} INTERFACE PkgConfig::GETPUT_${name})
  else()
    target_include_directories(getput::${name} SYSTEM INTERFACE "${GETPUT_${name}_INCLUDE_DIR}")
  endif()
endfunction()
