#include <xgrad/explain/deep_lift.hpp>
#include <xgrad/explain/detail/inputs.hpp>
#include <xgrad/explain/detail/sweep.hpp>

#include <utility>

namespace xg::explain {

DeepLift::DeepLift(ModelFunction model, DeepLiftOptions options)
    : model_(std::move(model)), options_(std::move(options)) {
  detail::check_budget("DeepLift", options_.max_bytes);
}

Explanation DeepLift::operator()(const Tensor& rows) const {
  constexpr const char* method = "DeepLift";
  const Tensor x = detail::checked_matrix(method, "rows", rows);
  const Tensor baseline = detail::checked_baseline(method, options_.baseline, x);
  detail::check_feature_names(method, options_.feature_names, x.size(1));
  const detail::SweepRequest request{.method = method,
                                     .output = options_.output,
                                     .target = options_.target,
                                     .multipliers = options_.multipliers,
                                     .paired = baseline.size(0) > 1,
                                     .max_bytes = options_.max_bytes,
                                     .additivity = options_.additivity};
  std::int64_t outputs = 0;
  ExplanationParts parts = detail::sweep(model_, x, baseline, request, &outputs);
  return detail::named(std::move(parts), options_.feature_names, options_.output_names, outputs);
}

}  // namespace xg::explain
