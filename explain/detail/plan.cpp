#include <xgrad/explain/detail/chain_plan.hpp>
#include <xgrad/explain/detail/general_plan.hpp>
#include <xgrad/explain/detail/plan.hpp>

namespace xg::explain::detail {

std::unique_ptr<PairPlan> plan_pairs(const PairWork& work, const RowBlock& first) {
  // A chain gains nothing if each row has a single reference, and it does not replace nonfinite values.
  if (!work.request.paired && !work.replaces_nonfinite)
    if (auto plan = chain_pairs(work, first)) return plan;
  return general_pairs(work);
}

std::unique_ptr<GradientPlan> plan_gradients(const ModelFunction& model, const Tensor& rows, const Tensor& baseline,
                                             const GradientRequest& request, std::int64_t k) {
  if (auto plan = chain_gradients(model, rows, baseline, request, k)) return plan;
  return general_gradients(model, request);
}

std::unique_ptr<Game> plan_game(const ModelFunction& model, const Tensor& rows, const Tensor& background,
                                const GradientRequest& request) {
  if (auto game = chain_game(model, rows, background, request)) return game;
  return general_game(model, rows, background, request);
}

}  // namespace xg::explain::detail
