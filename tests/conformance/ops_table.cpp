#include "conformance/ops_table.hpp"

#include <string>

namespace xg_conformance {

const OpRow& op_row(std::string_view name) {
  for (const auto rows : {elementwise_rows, reductions_rows, shape_rows, indexing_rows, layers_rows, spatial_rows,
                          creation_rows, linalg_rows})
    for (const OpRow& row : rows())
      if (row.name == name) return row;
  throw Unknown("op " + std::string(name));
}

}  // namespace xg_conformance
