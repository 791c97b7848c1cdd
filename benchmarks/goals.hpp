// What the numbers must reach on one thread. Where several cases are meant, the worst one counts.
#pragma once

namespace xg_bench {

struct Goal {
  const char* what;
  const char* suite;
  const char* cases;  ///< a regular expression for their names
  const char* ours;
  const char* theirs;  ///< the ratio to this contender; null: the time itself, in seconds
  double at_most;
};

inline constexpr Goal goals[] = {
    {"training step of 10-6-3-1", "step", "^10-6", "xgrad", "by hand", 1.3},
    {"training step of 30-64-32-1", "step", "^30-64", "xgrad", "by hand", 1.2},
    {"training step of 784-512-256-10", "step", "^784", "xgrad", "by hand", 1.03},
    {"training step of 1024x3-10", "step", "^1024", "xgrad", "by hand", 1.03},
    {"training step of 20 layers of 64", "step", "^20 layers", "xgrad", "by hand", 1.0},
    {"training step of 10-6-3-1", "step", "^10-6", "xgrad", "JAX jit", 0.05},
    {"training step of 30-64-32-1", "step", "^30-64", "xgrad", "JAX jit", 0.2},
    {"training step of 784-512-256-10", "step", "^784", "xgrad", "JAX jit", 0.95},
    {"training step of 1024x3-10", "step", "^1024", "xgrad", "JAX jit", 1.0},
    {"training step of 20 layers of 64", "step", "^20 layers", "xgrad", "JAX jit", 0.45},
    {"training step of 10-6-3-1", "step", "^10-6", "xgrad", "PyTorch eager", 0.01},
    {"training step of 30-64-32-1", "step", "^30-64", "xgrad", "PyTorch eager", 0.03},
    {"training step of 784-512-256-10", "step", "^784", "xgrad", "PyTorch eager", 0.6},
    {"training step of 1024x3-10", "step", "^1024", "xgrad", "PyTorch eager", 1.0},
    {"training step of 20 layers of 64", "step", "^20 layers", "xgrad", "PyTorch eager", 0.18},
    {"op on 16 elements, recorded", "ops", "^(?!sum|sqrt|where|.*(row|column)).*, 16 elements", "xgrad, recorded",
     nullptr, 60e-9},
    {"op on 16 elements, not recorded", "ops", "^(?!sum|sqrt|where|.*(row|column)).*, 16 elements",
     "xgrad, not recorded", nullptr, 35e-9},
    {"broadcast or where, recorded", "ops", "^(where|.*(row|column)).*, 16 elements", "xgrad, recorded", nullptr,
     60e-9},
    {"broadcast or where, not recorded", "ops", "^(where|.*(row|column)).*, 16 elements", "xgrad, not recorded",
     nullptr, 35e-9},
    {"fit of the tutorial", "fit", "^fit", "xgrad", "bare loop", 1.5},
    {"fit of the tutorial", "fit", "^fit", "xgrad", "Keras on JAX", 0.02},
    {"PINN step", "derivatives", "^PINN", "xgrad, forward Laplacian", "xgrad, nested sweeps", 0.7},
    {"PINN step", "derivatives", "^PINN", "xgrad, forward Laplacian", "PyTorch, nested sweeps", 0.4},
    {"PINN step", "derivatives", "^PINN", "xgrad, forward Laplacian", "PyTorch, torch.func", 0.4},
    {"jvp", "derivatives", "^jvp", "xgrad", "forward pass", 2.5},
    {"hvp of parameters", "derivatives", "^hvp", "xgrad", "double backward", 1.0},
    {"batch_jacobian", "derivatives", "^batch_jacobian", "xgrad", "backward pass", 4.0},
    {"gradients of rows", "derivatives", "^gradients of rows", "xgrad", "3 backward passes, 2 fills", 1.0},
    {"checkpointed neural ODE, peak", "checkpoints", "peak", "xgrad, checkpoints", "everything kept", 0.15},
    {"checkpointed neural ODE, time", "checkpoints", "gradient", "xgrad, checkpoints", "everything kept", 1.2},
    {"DeepShap of 10-6-3-1", "explain", "^DeepShap.*10-6", "xgrad", "shap", 0.01},
    {"DeepShap of 30-64-32-1", "explain", "^DeepShap.*30-64", "xgrad", "shap", 0.015},
    {"DeepShap of 784-512-256-10", "explain", "^DeepShap.*784", "xgrad", "shap", 0.17},
    {"ExactShapley of 10-6-3-1", "explain", "^ExactShapley", "xgrad", "shap", 0.01},
    {"peak memory of a training step", "memory", "", "xgrad", "by hand", 1.5},
    {"twice the size", "growth", "", "xgrad", "half", 2.2},
};

}  // namespace xg_bench
