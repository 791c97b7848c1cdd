# Installs the library that lies in BUILD below WORK, then configures, builds and runs a project that uses it, and
# compiles one of its programs by what pkg-config says.
set(consumer ${WORK}/consumer)
file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --config ${CONFIG} --prefix ${WORK}/installed
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
# An installed tree may be moved: no path of where it was must be written anywhere.
file(RENAME ${WORK}/installed ${WORK}/moved)
execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${consumer} -G ${GENERATOR}
  -DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM} -DCMAKE_CXX_COMPILER=${COMPILER}
  -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -DCMAKE_CXX_FLAGS=${FLAGS} -DCMAKE_PREFIX_PATH=${WORK}/moved
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${consumer} --config ${CONFIG} COMMAND_ERROR_IS_FATAL ANY)
foreach(name program bridge)
  find_program(path_of_${name} ${name} PATHS ${consumer} ${consumer}/${CONFIG} NO_DEFAULT_PATH REQUIRED)
  execute_process(COMMAND ${path_of_${name}} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

find_program(pkg_config NAMES pkg-config pkgconf)
if(pkg_config)
  # What pkg-config answers about the moved tree, as a list.
  function(ask result)
    execute_process(COMMAND ${pkg_config} ${ARGN} xgrad OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE
      COMMAND_ERROR_IS_FATAL ANY)
    separate_arguments(answer UNIX_COMMAND "${answer}")
    set(${result} ${answer} PARENT_SCOPE)
  endfunction()
  file(GLOB_RECURSE package ${WORK}/moved/*/xgrad.pc)
  get_filename_component(folder ${package} DIRECTORY)
  set(ENV{PKG_CONFIG_PATH} ${folder})
  ask(version --modversion)
  ask(flags --cflags --libs)
  ask(libraries --variable=libdir)
  separate_arguments(common UNIX_COMMAND "${FLAGS}")
  set(program ${WORK}/by-pkg-config)
  execute_process(COMMAND ${LAUNCHER} ${COMPILER} -std=c++20 ${common} -DPACKAGE_VERSION="${version}" -o ${program}
    ${CMAKE_CURRENT_LIST_DIR}/program.cpp ${flags} -Wl,-rpath,${libraries} COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${program} COMMAND_ERROR_IS_FATAL ANY)
else()
  message("left out: pkg-config was not found")
endif()

# The documents lie where the README's links lead.
foreach(path README.md docs/architecture.md examples/tensors.cpp)
  if(NOT EXISTS ${WORK}/moved/share/doc/xgrad/${path})
    message(FATAL_ERROR "${path} was not installed")
  endif()
endforeach()

# Each header compiles alone. The bridges to libraries that users need not have are tried where the libraries are.
file(GLOB_RECURSE headers ${WORK}/moved/include/xgrad/*.hpp)
if(NOT headers)
  message(FATAL_ERROR "no header was installed")
endif()
list(JOIN headers "\n" lines)
file(WRITE ${WORK}/headers "${lines}\n")
cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
separate_arguments(common UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND xargs -a ${WORK}/headers -n 1 -P ${cores} ${COMPILER} -std=c++20 ${common} -Wall -Wextra -Werror
  -fsyntax-only -I${WORK}/moved/include -x c++ /dev/null -include COMMAND_ERROR_IS_FATAL ANY)
