# The library once more for each x86-64 level, in folders from which the dynamic loader picks the best that the processor
# has. They stand beside the baseline library, in the build tree and where it is installed.
if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  message(FATAL_ERROR "XGRAD_HWCAPS: the processor is ${CMAKE_SYSTEM_PROCESSOR}, the levels are those of x86-64: "
    "leave the option off.")
endif()
set(XGRAD_HWCAPS_LEVELS x86-64-v2 x86-64-v3 x86-64-v4)
foreach(level IN LISTS XGRAD_HWCAPS_LEVELS)
  set(target xgrad-${level})
  xgrad_add_library(${target})
  target_compile_options(${target} PRIVATE -march=${level})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME xgrad
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/glibc-hwcaps/${level})
  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/glibc-hwcaps/${level} NAMELINK_SKIP)
endforeach()
