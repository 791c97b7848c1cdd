# Installs the library that lies in BUILD below WORK, then configures, builds and runs a project that uses it.
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
