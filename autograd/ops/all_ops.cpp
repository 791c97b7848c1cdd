// The list of ops that tests walk: every family's rows.
#include <xgrad/autograd/detail/op.hpp>

#include <vector>

namespace xg::autograd {

using Family = std::vector<OpInfo>();
Family arithmetic_ops, quotients_ops, extrema_ops, bits_ops, powers_ops, unary_ops, trigonometry_ops, activation_ops,
    comparison_ops, reduction_ops, scan_ops, softmax_ops, norm_ops, sorting_ops, shape_ops, slicing_ops, convert_ops,
    strided_ops, joining_ops, repeating_ops, padding_ops, indexing_ops, gathering_ops, lookup_ops, product_ops,
    layer_ops, loss_ops, class_loss_ops;

const std::vector<OpInfo>& all_ops() {
  static const std::vector<OpInfo> rows = [] {
    std::vector<OpInfo> all;
    for (Family* family :
         {arithmetic_ops, quotients_ops,  extrema_ops,   bits_ops,    powers_ops,  unary_ops,     trigonometry_ops,
          activation_ops, comparison_ops, reduction_ops, scan_ops,    softmax_ops, norm_ops,      sorting_ops,
          shape_ops,      slicing_ops,    convert_ops,   strided_ops, joining_ops, repeating_ops, padding_ops,
          indexing_ops,   gathering_ops,  lookup_ops,    product_ops, layer_ops,   loss_ops,      class_loss_ops})
      for (const OpInfo& row : family()) all.push_back(row);
    return all;
  }();
  return rows;
}

}  // namespace xg::autograd
