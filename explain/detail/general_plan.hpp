// Plans for any model.
#pragma once

#include <xgrad/explain/detail/plan.hpp>

#include <memory>

namespace xg::explain::detail {

std::unique_ptr<PairPlan> general_pairs(const PairWork& work);
std::unique_ptr<GradientPlan> general_gradients(const ModelFunction& model, const GradientRequest& request);
std::unique_ptr<Game> general_game(const ModelFunction& model, const Tensor& rows, const Tensor& background,
                                   const GradientRequest& request);

}  // namespace xg::explain::detail
