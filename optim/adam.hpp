// Adam, and AdamW with decoupled weight decay.
#pragma once

#include <xgrad/optim/optimizer.hpp>

#include <utility>

namespace xg::optim {

struct AdamOptions {
  double lr = 1e-3;
  std::pair<double, double> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;  ///< added to the gradient, times the parameter
  bool amsgrad = false;     ///< divide by the largest second moment so far
  bool maximize = false;
};

struct AdamWOptions {
  double lr = 1e-3;
  std::pair<double, double> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 1e-2;  ///< the parameter shrinks by lr weight_decay, before the step
  bool amsgrad = false;
  bool maximize = false;
};

namespace detail {
/// The factors 1 - beta^t of the step before, which most parameters share.
struct BiasCorrections {
  std::int64_t step = -1;
  double beta1 = 0, beta2 = 0;
  double first = 1, root_second = 1;
  void at(std::int64_t t, double b1, double b2);
};

/// What Adam and AdamW share: all but what they do with weight decay.
template <class Options>
class XG_API AdamFamily : public OptimizerOf<Options> {
 protected:
  std::array<const char*, Optimizer::max_slots> state_names(std::size_t group) const final;
  std::vector<Optimizer::Hyperparameter> hyperparameters_in(Options& options) const final;
  void update(std::size_t group, const Optimizer::Update& u) final;

 private:
  BiasCorrections corrections_;
};
extern template class XG_API AdamFamily<AdamOptions>;
extern template class XG_API AdamFamily<AdamWOptions>;
}  // namespace detail

/// m += (1 - b1)(g - m); v = b2 v + (1 - b2) g^2; p -= lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps).
///
/// Kingma & Ba 2015, arXiv:1412.6980; amsgrad: Reddi et al. 2018.
class XG_API Adam final : public detail::AdamFamily<AdamOptions> {
 public:
  /// Throws ValueError for options or parameters that make no sense.
  explicit Adam(std::vector<Tensor> params, AdamOptions options = {});
  explicit Adam(std::vector<ParamGroup<AdamOptions>> groups);
  const char* name() const override { return "Adam"; }
};

/// p -= lr weight_decay p, then Adam's step without weight decay.
///
/// Loshchilov & Hutter 2019, arXiv:1711.05101.
class XG_API AdamW final : public detail::AdamFamily<AdamWOptions> {
 public:
  /// Throws ValueError for options or parameters that make no sense.
  explicit AdamW(std::vector<Tensor> params, AdamWOptions options = {});
  explicit AdamW(std::vector<ParamGroup<AdamWOptions>> groups);
  const char* name() const override { return "AdamW"; }
};

}  // namespace xg::optim
