#include <xgrad/explain/deep_shap.hpp>
#include <xgrad/explain/detail/inputs.hpp>
#include <xgrad/explain/detail/sweep.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <utility>

namespace xg::explain {
namespace {
constexpr const char* method = "DeepShap";
}

DeepShap::DeepShap(ModelFunction model, Tensor background, DeepShapOptions options)
    : model_(std::move(model)),
      background_(detail::checked_background(method, "background", background)),
      options_(std::move(options)) {
  detail::check_budget(method, options_.max_bytes);
  detail::check_feature_names(method, options_.feature_names, background_.size(1));
  detail::check_groups(method, options_.groups, detail::feature_names_or_default(options_.feature_names, background_));
  expected_value_ = detail::mean_output(model_, background_, method, options_.output);
  const std::int64_t outputs = expected_value_.size(0);
  detail::check_output_names(method, options_.output_names, outputs);
  detail::check_target(method, options_.target, outputs);
  if (options_.ranked_outputs < 0 || options_.ranked_outputs > outputs)
    raise<ValueError>("[{}] ranked_outputs is {}, the model has {} outputs: ask for 1 to {}, or 0 for all.", method,
                      options_.ranked_outputs, outputs, outputs);
}

Explanation DeepShap::operator()(const Tensor& rows) const {
  const Tensor x = detail::checked_matrix(method, "rows", rows);
  detail::check_match(method, x, "background", background_);
  const detail::SweepRequest request{.method = method,
                                     .output = options_.output,
                                     .target = options_.target,
                                     .ranked = options_.ranked_outputs,
                                     .rank = options_.output_rank_order,
                                     .max_bytes = options_.max_bytes,
                                     .additivity = options_.additivity,
                                     .groups = options_.groups};
  std::int64_t outputs = 0;
  Tensor group_errors;
  ExplanationParts parts = detail::sweep(model_, x, background_, request, &outputs, &group_errors);
  return detail::named(std::move(parts), options_.feature_names, options_.output_names, outputs, options_.groups,
                       group_errors);
}

}  // namespace xg::explain
