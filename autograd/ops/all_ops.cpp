// The list of ops that tests walk: every family's rows.
#include <xgrad/autograd/detail/op.hpp>

#include <vector>

namespace xg::autograd {

const std::vector<OpInfo>& arithmetic_ops();
const std::vector<OpInfo>& quotients_ops();
const std::vector<OpInfo>& extrema_ops();
const std::vector<OpInfo>& bits_ops();
const std::vector<OpInfo>& powers_ops();
const std::vector<OpInfo>& unary_ops();
const std::vector<OpInfo>& trigonometry_ops();
const std::vector<OpInfo>& activation_ops();
const std::vector<OpInfo>& comparison_ops();
const std::vector<OpInfo>& reduction_ops();
const std::vector<OpInfo>& scan_ops();
const std::vector<OpInfo>& softmax_ops();
const std::vector<OpInfo>& norm_ops();
const std::vector<OpInfo>& sorting_ops();
const std::vector<OpInfo>& shape_ops();
const std::vector<OpInfo>& slicing_ops();
const std::vector<OpInfo>& convert_ops();
const std::vector<OpInfo>& strided_ops();
const std::vector<OpInfo>& joining_ops();
const std::vector<OpInfo>& repeating_ops();
const std::vector<OpInfo>& padding_ops();
const std::vector<OpInfo>& indexing_ops();
const std::vector<OpInfo>& gathering_ops();
const std::vector<OpInfo>& lookup_ops();
const std::vector<OpInfo>& product_ops();
const std::vector<OpInfo>& layer_ops();
const std::vector<OpInfo>& loss_ops();
const std::vector<OpInfo>& class_loss_ops();

const std::vector<OpInfo>& all_ops() {
  static const std::vector<OpInfo> rows = [] {
    std::vector<OpInfo> all;
    for (const auto* family :
         {&arithmetic_ops(),   &quotients_ops(),  &extrema_ops(),    &bits_ops(),      &powers_ops(),    &unary_ops(),
          &trigonometry_ops(), &activation_ops(), &comparison_ops(), &reduction_ops(), &scan_ops(),      &softmax_ops(),
          &norm_ops(),         &sorting_ops(),    &shape_ops(),      &slicing_ops(),   &convert_ops(),   &strided_ops(),
          &joining_ops(),      &repeating_ops(),  &padding_ops(),    &indexing_ops(),  &gathering_ops(), &lookup_ops(),
          &product_ops(),      &layer_ops(),      &loss_ops(),       &class_loss_ops()})
      all.insert(all.end(), family->begin(), family->end());
    return all;
  }();
  return rows;
}

}  // namespace xg::autograd
