# The target docs: the HTML reference of the installed headers in <build>/docs/html, where Doxygen is found.
find_package(Doxygen 1.9.4 QUIET)
if(NOT DOXYGEN_FOUND)
  return()
endif()
set(XGRAD_DOCS ${CMAKE_CURRENT_BINARY_DIR}/docs)
set(XGRAD_DOCS_ENUMERATORS "")
if(DOXYGEN_VERSION VERSION_GREATER_EQUAL 1.9.8)  # earlier ones do not look at enumerators
  set(XGRAD_DOCS_ENUMERATORS "WARN_IF_UNDOC_ENUM_VAL = YES")
endif()

# Headers are read where programs include them from, so that the reference shows <xgrad/tensor/tensor.hpp>.
set(headers xgrad.hpp version.hpp)
foreach(layer IN LISTS XGRAD_LAYERS)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${layer}/*.hpp)
  list(FILTER found EXCLUDE REGEX "/${XGRAD_INNER_FOLDERS}/")
  list(APPEND headers ${found})
endforeach()
list(TRANSFORM headers PREPEND ${XGRAD_INCLUDE}/xgrad/)
file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/docs/*.md)
set(inputs ${headers} ${CMAKE_CURRENT_SOURCE_DIR}/docs/namespaces.dox ${CMAKE_CURRENT_SOURCE_DIR}/README.md ${pages})
list(JOIN inputs "\" \"" XGRAD_DOCS_INPUT)

configure_file(docs/Doxyfile.in ${XGRAD_DOCS}/Doxyfile @ONLY)
add_custom_target(docs
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${XGRAD_DOCS}/html
  COMMAND Doxygen::doxygen ${XGRAD_DOCS}/Doxyfile
  COMMENT "Reference in ${XGRAD_DOCS}/html" VERBATIM)
