// Plans for models that are one chain; null for other models.
#pragma once

#include <xgrad/explain/detail/plan.hpp>

#include <memory>

namespace xg::explain::detail {

std::unique_ptr<PairPlan> chain_pairs(const PairWork& work, const RowBlock& first);
/// Derivatives are those that a backward through the model would give: not where it detaches values, forbids gradients
/// or has hooks.
std::unique_ptr<GradientPlan> chain_gradients(const ModelFunction& model, const Tensor& rows, const Tensor& baseline,
                                              const GradientRequest& request, std::int64_t k);
std::unique_ptr<Game> chain_game(const ModelFunction& model, const Tensor& rows, const Tensor& background,
                                 const GradientRequest& request);

}  // namespace xg::explain::detail
