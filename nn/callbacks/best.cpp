#include <xgrad/nn/callbacks/best.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cmath>
#include <optional>

namespace xg::nn {

Best::Best(StringRef who, StringRef monitor, StringRef mode, double min_delta)
    : who_(who.str()), monitor_(monitor.str()), mode_(mode.str()), min_delta_(std::fabs(min_delta)) {
  if (mode_ != "auto" && mode_ != "min" && mode_ != "max")
    raise<ValueError>("[{}] mode is \"{}\", it must be \"auto\", \"min\" or \"max\".", who_, mode_);
  if (!std::isfinite(min_delta)) raise<ValueError>("[{}] min_delta is {}, it must be finite.", who_, min_delta);
}

bool Best::improved(const FitState& state) {
  const double value = state.value(monitor_);
  if (mode_ == "auto") {
    const std::optional<bool> larger = state.larger_is_better(monitor_);
    if (!larger)
      raise<ValueError>("[{}] it is unknown whether a larger \"{}\" is better: pass .mode = \"min\" or \"max\".", who_,
                        monitor_);
    larger_ = *larger;
  } else {
    larger_ = mode_ == "max";
  }
  const bool better =
      !std::isnan(value) && (!found_ || (larger_ ? value > best_ + min_delta_ : value < best_ - min_delta_));
  if (better) best_ = value, found_ = true;
  return better;
}

}  // namespace xg::nn
