// Guards that switch recording off and on for the calling thread.
#pragma once

#include <xgrad/tensor/export.hpp>

namespace xg {

/// Does the calling thread record graphs?
XG_API bool grad_enabled() noexcept;
/// Is the calling thread in InferenceMode?
XG_API bool inference_mode_enabled() noexcept;

/// Sets recording while it lives. Throws nothing.
class XG_API GradMode {
 public:
  explicit GradMode(bool enabled) noexcept;  ///< off inside InferenceMode, whatever it is told
  ~GradMode();                               ///< puts back what was before
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool previous_;
};

/// Nothing is recorded while it lives.
struct NoGrad : GradMode {
  NoGrad() noexcept : GradMode(false) {}  ///< switches recording off
};
/// Recording is on while it lives, also inside NoGrad, but not inside InferenceMode.
struct EnableGrad : GradMode {
  EnableGrad() noexcept : GradMode(true) {}  ///< switches recording on
};

/// Nothing is recorded, and tensors made inside can never become part of a graph: using one there is an error.
class XG_API InferenceMode {
 public:
  InferenceMode() noexcept;  ///< switches it on for the calling thread
  ~InferenceMode();          ///< puts back what was before
  InferenceMode(const InferenceMode&) = delete;
  InferenceMode& operator=(const InferenceMode&) = delete;

 private:
  bool previous_grad_, previous_inference_;
};

/// While it lives, backward checks every gradient for NaN; the first one found is an AutogradError that names the op
/// and the module path in which it was called.
class XG_API AnomalyMode {
 public:
  AnomalyMode() noexcept;  ///< switches it on for the calling thread
  ~AnomalyMode();          ///< puts back what was before
  AnomalyMode(const AnomalyMode&) = delete;
  AnomalyMode& operator=(const AnomalyMode&) = delete;

 private:
  bool previous_;
};

}  // namespace xg
