#include <xgrad/nn/metrics/classification.hpp>
#include <xgrad/nn/metrics/metric.hpp>
#include <xgrad/nn/metrics/probability.hpp>
#include <xgrad/nn/metrics/regression.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace xg::nn::metrics {
namespace {

struct Named {
  std::vector<std::string_view> names;  // the first one is the key in the History
  Metric (*make)();
};

template <class M> Metric make() { return M(); }

const std::vector<Named>& known() {
  static const std::vector<Named> all = {
      {{"accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"}, make<Accuracy>},
      {{"precision"}, make<Precision>},
      {{"recall"}, make<Recall>},
      {{"f1", "f1_score"}, make<F1>},
      {{"auc", "roc_auc"}, make<AUC>},
      {{"r2", "r2_score"}, make<R2>},
      {{"mae", "mean_absolute_error"}, make<MAE>},
      {{"mse", "mean_squared_error"}, make<MSE>},
      {{"rmse", "root_mean_squared_error"}, make<RMSE>},
      {{"mape", "mean_absolute_percentage_error"}, make<MAPE>},
      {{"balanced_accuracy"}, make<BalancedAccuracy>},
      {{"top_k_accuracy", "top_k_categorical_accuracy"}, make<TopKAccuracy>},
      {{"matthews_corrcoef"}, make<MatthewsCorrcoef>},
      {{"cohen_kappa"}, make<CohenKappa>},
      {{"jaccard"}, make<Jaccard>},
      {{"average_precision"}, make<AveragePrecision>},
      {{"log_loss", "binary_crossentropy", "categorical_crossentropy"}, make<LogLoss>},
      {{"brier"}, make<Brier>},
      {{"median_ae", "median_absolute_error"}, make<MedianAE>},
      {{"max_error"}, make<MaxError>},
      {{"explained_variance"}, make<ExplainedVariance>},
  };
  return all;
}

}  // namespace

void throw_unweighted(const std::string& name) {
  raise<ValueError>(
      "[{}] sample_weight is given, but this metric does not take weights: leave it out of the metrics or the weights "
      "out of the call.",
      name);
}

Metric Metric::by_name(StringRef name) { return metric(name); }

Metric metric(StringRef name) {
  std::string key = name.str();
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return c == '-' || c == ' ' ? '_' : static_cast<char>(std::tolower(c)); });
  for (const Named& entry : known())
    if (std::find(entry.names.begin(), entry.names.end(), key) != entry.names.end()) return entry.make();
  raise<ValueError>("[metric] \"{}\" is unknown: use one of {}, or metrics::function with your own.", name.view(),
                    fmt::join(metric_names(), ", "));
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Named& entry : known()) names.emplace_back(entry.names.front());
  return names;
}

}  // namespace xg::nn::metrics
