# cmake -DROOT=<source> -P layering.cmake: checks what includes what.
#  - A layer includes itself and the layers before it.
#  - detail/ belongs to its own layer: no other includes it, and no public header does.
#  - A public header, one that is installed, includes no inner header of the library (kernels/, io/, support/), and no
#    library that users need not install; headers that may are named here.
#  - A file includes what it uses: the standard headers by the names below, and for its own public header the same.
cmake_minimum_required(VERSION 3.22)
set(layers tensor autograd optim nn explain viz)
set(opt_in tensor/xtensor.hpp tensor/xtensor_shim.hpp viz/notebook.hpp)
set(libraries "xtensor|xsimd|xtl|cblas|lapack|nlohmann|librsvg|cairo|fmt/|csv\\.h|zip\\.h|CLI/")
set(inner "/(detail|kernels|io|support)/")
# header: names of namespace std that only it is to be relied on for
set(std_names
  "algorithm: sort|stable_sort|fill|fill_n|copy|copy_n|any_of|all_of|none_of|find_if|max_element|min_element|reverse|clamp|lower_bound|upper_bound|unique|transform|count_if|nth_element|min|max"
  "array: array"
  "atomic: atomic"
  "chrono: chrono"
  "cmath: sqrt|exp|log|pow|isnan|isfinite|isinf|floor|ceil|hypot|erf|erfc|expm1|log1p|tanh|lround|llround|round|ldexp"
  "cstring: memcpy|memset|memcmp|memmove|strlen|strcmp"
  "functional: function|plus|less|greater|hash"
  "limits: numeric_limits"
  "map: map|multimap"
  "memory: unique_ptr|shared_ptr|make_unique|make_shared|weak_ptr"
  "mutex: mutex|lock_guard|unique_lock|scoped_lock|call_once"
  "numeric: iota|accumulate|inner_product|partial_sum"
  "optional: optional|nullopt"
  "set: set|multiset"
  "span: span"
  "sstream: ostringstream|istringstream|stringstream"
  "string: string|to_string|stod|stoll"
  "string_view: string_view"
  "tuple: tuple|tie|apply|make_tuple"
  "unordered_map: unordered_map"
  "unordered_set: unordered_set"
  "variant: variant|visit|holds_alternative"
  "vector: vector")
set(errors "")

# The standard headers that `file` includes, itself or by the header of the same name.
function(standard_includes file result)
  file(STRINGS ${ROOT}/${file} lines REGEX "^#include <[a-z_]+>")
  set(found "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^#include <([a-z_]+)>.*" "\\1" header "${line}")
    list(APPEND found ${header})
  endforeach()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

foreach(layer IN LISTS layers)
  list(FIND layers ${layer} place)
  file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/${layer}/*.hpp ${ROOT}/${layer}/*.cpp)
  if(NOT files)
    list(APPEND errors "${layer}/ has no files")
  endif()
  foreach(file IN LISTS files)
    set(public FALSE)
    if(file MATCHES "\\.hpp$" AND NOT "/${file}" MATCHES "${inner}")
      set(public TRUE)
    endif()
    file(STRINGS ${ROOT}/${file} includes REGEX "^[ \t]*#[ \t]*include")
    foreach(line IN LISTS includes)
      if(line MATCHES "<xgrad/([a-z]+)/")
        list(FIND layers ${CMAKE_MATCH_1} target)
        if(target LESS 0)
          list(APPEND errors "${file}: ${line}: there is no such layer")
        elseif(target GREATER place)
          list(APPEND errors "${file}: ${line}: ${layer} must not know ${CMAKE_MATCH_1}")
        elseif(line MATCHES "/detail/" AND NOT target EQUAL place)
          list(APPEND errors "${file}: ${line}: detail/ belongs to ${CMAKE_MATCH_1} alone")
        endif()
        if(public AND line MATCHES "${inner}" AND NOT file IN_LIST opt_in)
          list(APPEND errors "${file}: ${line}: a public header must not include what is not installed")
        endif()
      elseif(line MATCHES "<xgrad/")
        list(APPEND errors "${file}: ${line}: include the header of one layer, not the umbrella")
      endif()
      if(public AND line MATCHES "[<\"](${libraries})" AND NOT file IN_LIST opt_in)
        list(APPEND errors "${file}: ${line}: a public header must not include this library")
      endif()
    endforeach()

    standard_includes(${file} given)
    if(file MATCHES "\\.cpp$")
      string(REGEX REPLACE "\\.cpp$" ".hpp" header ${file})
      if(EXISTS ${ROOT}/${header})
        standard_includes(${header} by_header)
        list(APPEND given ${by_header})
      endif()
    endif()
    file(READ ${ROOT}/${file} text)
    string(REGEX REPLACE "//[^\n]*" "" text "${text}")
    foreach(entry IN LISTS std_names)
      string(REGEX MATCH "^([a-z_]+): (.*)$" entry "${entry}")
      set(needed ${CMAKE_MATCH_1})
      if(NOT needed IN_LIST given AND text MATCHES "std::(${CMAKE_MATCH_2})[^a-z_0-9]")
        list(APPEND errors "${file}: std::${CMAKE_MATCH_1} wants #include <${needed}>")
      endif()
    endforeach()
  endforeach()
endforeach()

if(errors)
  list(JOIN errors "\n  " text)
  message(FATAL_ERROR "Layering:\n  ${text}")
endif()
