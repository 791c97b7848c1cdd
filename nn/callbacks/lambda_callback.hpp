// A callback made of functions.
#pragma once

#include <xgrad/nn/callback.hpp>

#include <functional>

namespace xg::nn {

/// Calls the function of an event, if there is one.
struct LambdaCallback {
  using Function = std::function<void(FitState&)>;  ///< takes the state of training
  Function train_begin = {};                        ///< before the first epoch; like the others, it may be empty
  Function epoch_begin = {};                        ///< before the first batch of an epoch
  Function batch_end = {};                          ///< after each step
  Function epoch_end = {};                          ///< after an epoch
  Function train_end = {};                          ///< after the last epoch

  void on_train_begin(FitState& s) const { call(train_begin, s); }  ///< calls train_begin
  void on_epoch_begin(FitState& s) const { call(epoch_begin, s); }  ///< calls epoch_begin
  void on_batch_end(FitState& s) const { call(batch_end, s); }      ///< calls batch_end
  void on_epoch_end(FitState& s) const { call(epoch_end, s); }      ///< calls epoch_end
  void on_train_end(FitState& s) const { call(train_end, s); }      ///< calls train_end
  /// Calls f if there is one.
  static void call(const Function& f, FitState& s) {
    if (f) f(s);
  }
};

}  // namespace xg::nn
