# cmake -DROOT=<source> -P layering.cmake: checks what includes what.
#  - A layer includes itself and the layers before it.
#  - detail/ belongs to its own layer: no other includes it, and no public header does.
#  - A public header, one that is installed, includes no inner header of the library (kernels/, io/, support/), and no
#    library that users need not install; headers that may are named here.
#  - A file includes what it uses, itself or by its own header: the standard headers and those of xgrad that the tables
#    below give names for.
cmake_minimum_required(VERSION 3.22)
set(layers tensor autograd optim nn explain viz)
set(opt_in tensor/xtensor.hpp tensor/xtensor_shim.hpp viz/notebook.hpp)
set(libraries "xtensor|xsimd|xtl|cblas|lapack|nlohmann|librsvg|cairo|fmt/|csv\\.h|zip\\.h|CLI/")
set(inner "/(detail|kernels|io|support)/")
# "header: names of namespace std": a file that uses one of the names includes this header.
set(std_names
  "algorithm: sort|stable_sort|fill|fill_n|copy|copy_n|any_of|all_of|none_of|find_if|max_element|min_element|reverse"
  "algorithm: clamp|lower_bound|upper_bound|unique|transform|count_if|nth_element|min|max"
  "array: array"
  "atomic: atomic"
  "bit: bit_cast|popcount|countl_zero|countr_zero|bit_width|bit_ceil|bit_floor|has_single_bit|endian|rotl|rotr"
  "chrono: chrono"
  "cmath: sqrt|exp|log|pow|isnan|isfinite|isinf|floor|ceil|hypot|erf|erfc|expm1|log1p|tanh|lround|llround|round|ldexp"
  "concepts: same_as|derived_from|convertible_to|integral|floating_point|invocable|constructible_from"
  "concepts: default_initializable|copy_constructible"
  "cstring: memcpy|memset|memcmp|memmove|strlen|strcmp"
  "filesystem: filesystem"
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
  "thread: thread|this_thread|jthread"
  "tuple: tuple|tie|apply|make_tuple"
  "type_traits: is_(same|base_of|convertible|integral|floating_point|arithmetic|enum|void|pointer|const|signed)_v"
  "type_traits: is_(unsigned|lvalue_reference|class|function|constructible|copy_assignable)_v"
  "type_traits: is_(nothrow_default_constructible|trivially_copyable|invocable|invocable_r)_v"
  "type_traits: (enable_if|conditional|decay|remove_cv|remove_cvref|remove_const|remove_reference|remove_pointer)_t"
  "type_traits: (invoke_result|common_type|underlying_type|type_identity|make_signed|make_unsigned|void)_t|true_type"
  "type_traits: false_type|is_constant_evaluated"
  "unordered_map: unordered_map"
  "unordered_set: unordered_set"
  "utility: move|forward|exchange|swap|pair|make_pair|in_place|declval|as_const|index_sequence|make_index_sequence"
  "variant: variant|visit|holds_alternative"
  "vector: vector")
# "header: names of namespace xg", likewise.
set(own_names
  "autograd/grad_mode.hpp: NoGrad|EnableGrad|InferenceMode|AnomalyMode"
  "nn/data/dataset.hpp: Dataset"
  "nn/layer.hpp: Layer"
  "nn/sequential.hpp: Sequential"
  "optim/optimizer.hpp: Optimizer"
  "tensor/io/atomic_file.hpp: AtomicFile|write_file_atomically"
  "tensor/support/raise.hpp: raise"
  "tensor/threads.hpp: parallel_for|parallel_ranges|num_threads|set_num_threads")
set(errors "")

# The headers that `file` includes: "vector", "tensor/shape.hpp".
function(included_headers file result)
  file(STRINGS ${ROOT}/${file} lines REGEX "^#include <")
  list(TRANSFORM lines REPLACE "^#include <(xgrad/)?([^>]+)>.*" "\\2")
  set(${result} ${lines} PARENT_SCOPE)
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

    included_headers(${file} given)
    list(APPEND given ${file})
    if(file MATCHES "\\.cpp$")
      string(REGEX REPLACE "\\.cpp$" ".hpp" header ${file})
      if(EXISTS ${ROOT}/${header})
        included_headers(${header} by_header)
        list(APPEND given ${header} ${by_header})
      endif()
    endif()
    file(READ ${ROOT}/${file} text)
    string(REGEX REPLACE "//[^\n]*" "" text "${text}")
    string(REGEX REPLACE "\"[^\"\n]*\"" "" text "${text}")
    foreach(entry IN LISTS std_names own_names)
      string(REGEX MATCH "^([^:]+): (.*)$" entry "${entry}")
      set(needed ${CMAKE_MATCH_1})
      set(names ${CMAKE_MATCH_2})
      if(needed MATCHES "\\.hpp$")
        set(name "[^a-zA-Z_0-9.:](${names})[^a-zA-Z_0-9]")
      else()
        set(name "(std::(${names}))[^a-z_0-9]")
      endif()
      if(NOT needed IN_LIST given AND text MATCHES "${name}")
        list(APPEND errors "${file}: ${CMAKE_MATCH_1} needs its header ${needed}")
      endif()
    endforeach()
  endforeach()
endforeach()

if(errors)
  list(JOIN errors "\n  " text)
  message(FATAL_ERROR "Layering:\n  ${text}")
endif()
