// All explainers.
#pragma once

#include <xgrad/explain/deep_lift.hpp>
#include <xgrad/explain/deep_shap.hpp>
#include <xgrad/explain/exact_shapley.hpp>
#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/input_x_gradient.hpp>
#include <xgrad/explain/integrated_gradients.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/explain/options.hpp>
#include <xgrad/explain/saliency.hpp>
