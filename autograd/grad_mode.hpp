// Guards that switch recording off and on for the calling thread.
#pragma once

#include <xgrad/tensor/export.hpp>

namespace xg {

/// Whether the calling thread records graphs.
XG_API bool grad_enabled() noexcept;
/// Whether the calling thread is in InferenceMode.
XG_API bool inference_mode_enabled() noexcept;

/// Guard that switches recording on or off for the calling thread.
class XG_API GradMode {
 public:
  explicit GradMode(bool enabled) noexcept;  ///< recording stays off inside InferenceMode
  ~GradMode();                               ///< restores the previous mode
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool previous_;
};

/// Guard that switches recording off.
struct NoGrad : GradMode {
  NoGrad() noexcept : GradMode(false) {}  ///< switches recording off
};
/// Guard that switches recording on, also inside NoGrad, but not inside InferenceMode.
struct EnableGrad : GradMode {
  EnableGrad() noexcept : GradMode(true) {}  ///< switches recording on
};

/// Guard that switches recording off. Tensors made inside can never become part of a graph; using one there is an
/// AutogradError.
class XG_API InferenceMode {
 public:
  InferenceMode() noexcept;  ///< switches it on for the calling thread
  ~InferenceMode();          ///< restores the previous mode
  InferenceMode(const InferenceMode&) = delete;
  InferenceMode& operator=(const InferenceMode&) = delete;

 private:
  bool previous_grad_, previous_inference_;
};

/// Guard that makes backward check every gradient for NaN. The first one found is an AutogradError that names the op
/// and the module path in which it was called.
class XG_API AnomalyMode {
 public:
  AnomalyMode() noexcept;  ///< switches it on for the calling thread
  ~AnomalyMode();          ///< restores the previous mode
  AnomalyMode(const AnomalyMode&) = delete;
  AnomalyMode& operator=(const AnomalyMode&) = delete;

 private:
  bool previous_;
};

}  // namespace xg
