#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/metrics.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace xg;
using namespace xg::nn::metrics;

namespace {

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

double value(Metric metric, const Tensor& y_true, const Tensor& y_pred, const Tensor& weight = {}) {
  metric.update(y_true, y_pred, weight);
  return metric.compute();
}

// Ten rows with ties at the threshold and among the scores.
struct Binary {
  Tensor y = tensor({0, 1, 1, 0, 1, 0, 1, 1, 0, 0});
  Tensor p = tensor({.1, .4, .35, .8, .8, .5, .9, .35, .35, .2}, {.dtype = float64});
  Tensor weight = tensor({1, 2, .5, 1, 1, 3, 1, 2, 1, .5});
};

// Eight rows of five classes: class 3 is never predicted, class 4 never occurs.
struct Multiclass {
  Tensor y = tensor<int64_t>({0, 2, 1, 2, 0, 1, 3, 2});
  Tensor p = tensor({{.7, .1, .1, .1, 0},
                     {.1, .2, .6, .1, 0},
                     {.3, .3, .2, .2, 0},
                     {.05, .7, .2, .05, 0},
                     {.25, .25, .25, .25, 0},
                     {.1, .8, .05, .05, 0},
                     {.4, .1, .4, .1, 0},
                     {0, .1, .8, .1, 0}},
                    {.dtype = float64});
};

void expect_values(const std::vector<std::pair<Metric, double>>& wanted, const Tensor& y, const Tensor& p,
                   const Tensor& weight = {}) {
  for (const auto& [metric, want] : wanted) {
    INFO(metric.name());
    CHECK(value(metric, y, p, weight) == Approx(want).epsilon(1e-12));
  }
}

}  // namespace

// Breaks if a formula, a tie at the threshold or among scores, or a weight is treated otherwise than scikit-learn does.
TEST_CASE("Metrics of two classes have scikit-learn 1.9's values", "[metrics]") {
  const Binary b;
  expect_values({{Accuracy(), 0.6},
                 {Precision(), 0.6666666666666666},
                 {Recall(), 0.4},
                 {F1(), 0.5},
                 {BalancedAccuracy(), 0.6},
                 {MatthewsCorrcoef(), 0.2182178902359924},
                 {CohenKappa(), 0.2},
                 {Jaccard(), 0.3333333333333333},
                 {AUC(), 0.7},
                 {AveragePrecision(), 0.7033333333333334},
                 {LogLoss(), 0.6406311123902083},
                 {Brier(), 0.23175}},
                b.y, b.p);
  expect_values({{Accuracy(), 0.5769230769230769},
                 {Precision(), 0.6666666666666666},
                 {Recall(), 0.3076923076923077},
                 {F1(), 0.42105263157894735},
                 {BalancedAccuracy(), 0.5769230769230769},
                 {MatthewsCorrcoef(), 0.18257418583505539},
                 {CohenKappa(), 0.15384615384615385},
                 {Jaccard(), 0.26666666666666666},
                 {AUC(), 0.5325443786982249},
                 {AveragePrecision(), 0.6276477146042363},
                 {LogLoss(), 0.7017104233452586},
                 {Brier(), 0.2591346153846154}},
                b.y, b.p, b.weight);
}

// Breaks if an average counts a class that neither occurs nor is predicted, or weights classes otherwise.
TEST_CASE("Metrics of several classes have scikit-learn 1.9's values", "[metrics]") {
  const Multiclass m;
  expect_values({{Accuracy(), 0.625},
                 {Precision({.average = Average::micro}), 0.625},
                 {Precision(), 0.5},
                 {Precision({.average = Average::weighted}), 0.625},
                 {Recall({.average = Average::macro}), 0.5416666666666666},
                 {Recall({.average = Average::weighted}), 0.625},
                 {F1({.average = Average::micro}), 0.625},
                 {F1({.average = Average::macro}), 0.49166666666666664},
                 {F1({.average = Average::weighted}), 0.5916666666666667},
                 {Jaccard({.average = Average::micro}), 0.45454545454545453},
                 {Jaccard({.average = Average::macro}), 0.375},
                 {Jaccard({.average = Average::weighted}), 0.4583333333333333},
                 {BalancedAccuracy(), 0.5416666666666666},
                 {MatthewsCorrcoef(), 0.5128776445321725},
                 {CohenKappa(), 0.4782608695652174},
                 {LogLoss(), 0.9770097301508893},
                 {Brier(), 0.5175},
                 {TopKAccuracy({.k = 2}), 0.75},
                 {AUC(), 0.7708333333333333}},
                m.y, m.p);
}

// Breaks if a regression metric, its weights or the mean over outputs differ from scikit-learn's.
TEST_CASE("Metrics of numbers have scikit-learn 1.9's values", "[metrics]") {
  const Tensor y = tensor({{3, -.5}, {2, 1}, {7, 2}, {0, 1}}), p = tensor({{2.5, 0}, {0, 1.5}, {8, 2.5}, {.5, 1}});
  const Tensor weight = tensor({1, 2, 3, 4});
  const Tensor y0 = y.select(1, 0), p0 = p.select(1, 0);
  expect_values({{R2(), 0.7884615384615384},
                 {MAE(), 1.0},
                 {MSE(), 1.375},
                 {RMSE(), 1.1726039399558574},
                 {MAPE(), 562949953421312.4},
                 {MedianAE(), 0.75},
                 {ExplainedVariance(), 0.7980769230769231},
                 {MaxError(), 2.0}},
                y0, p0);
  expect_values({{R2(), 0.856892523364486},
                 {MAE(), 0.95},
                 {MSE(), 1.225},
                 {RMSE(), 1.1067971810589328},
                 {MAPE(), 900719925474099.4},
                 {ExplainedVariance(), 0.8571845794392523}},
                y0, p0, weight);
  expect_values({{R2(), 0.7765837104072397},
                 {MAE(), 0.6875},
                 {MSE(), 0.78125},
                 {RMSE(), 0.8028083209240384},
                 {MAPE(), 281474976710656.4},
                 {MedianAE(), 0.625},
                 {ExplainedVariance(), 0.8696266968325792}},
                y, p);
  expect_values({{R2(), 0.7791925303389594},
                 {MAE(), 0.625},
                 {RMSE(), 0.7470477578398372},
                 {ExplainedVariance(), 0.8688907971823128}},
                y, p, weight);
}

// Breaks if AUC is anything but the chance that a row of class 1 scores higher, ties half, for any number of ties.
TEST_CASE("AUC equals the definition by pairs", "[metrics][oracle]") {
  Generator generator(3);
  for (std::int64_t levels : {2, 5, 40, 100000}) {
    const Tensor scores = randint(0, levels, {60}, {.generator = &generator}).to(float64) / static_cast<double>(levels);
    const Tensor y = randint(0, 2, {60}, {.generator = &generator});
    const std::vector<double> s = scores.to_vector(), t = y.to_vector();
    double wins = 0, pairs = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
      for (std::size_t j = 0; j < s.size(); ++j) {
        if (t[i] != 1 || t[j] != 0) continue;
        pairs += 1;
        wins += s[i] > s[j] ? 1.0 : s[i] == s[j] ? 0.5 : 0.0;
      }
    }
    CHECK(value(AUC(), y, scores) == Approx(wins / pairs).epsilon(1e-13));
    CHECK(value(AUC(), 1 - y, 1 - scores) == Approx(wins / pairs).epsilon(1e-13));
    // A rising function of the scores changes nothing.
    CHECK(value(AUC(), y, scores.exp()) == Approx(wins / pairs).epsilon(1e-13));
  }
}

// Breaks if any metric depends on how rows are cut into batches.
TEST_CASE("Metrics are exact over batches", "[metrics][property]") {
  Generator generator(4);
  const Tensor y = randint(0, 2, {101, 1}, {.generator = &generator}).to(float32);
  const Tensor p = rand({101, 1}, {.generator = &generator});
  const Tensor classes = randint(0, 4, {101}, {.generator = &generator});
  const Tensor scores = softmax(randn({101, 4}, {.generator = &generator}), 1);
  for (const std::string& name : metric_names()) {
    INFO(name);
    const bool by_class = name == "top_k_accuracy";
    const Tensor &truth = by_class ? classes : y, &prediction = by_class ? scores : p;
    const double whole = value(name, truth, prediction);
    for (std::int64_t batch : {1, 7, 32, 100}) {
      Metric metric = name;
      for (std::int64_t start = 0; start < 101; start += batch) {
        const std::int64_t length = std::min<std::int64_t>(batch, 101 - start);
        metric.update(truth.narrow(0, start, length), prediction.narrow(0, start, length));
      }
      CHECK(metric.compute() == Approx(whole).epsilon(1e-12));
      metric.reset();
      metric.update(truth, prediction);
      CHECK(metric.compute() == Approx(whole).epsilon(1e-12));
    }
  }
}

// Breaks if a weight of two is not the same as the row twice, or a weight of zero as no row.
TEST_CASE("Weights count rows", "[metrics][property]") {
  const Tensor y = tensor({0, 1, 1, 0, 1}), p = tensor({.2, .7, .4, .6, .9}), weight = tensor({1, 2, 0, 3, 1});
  const Tensor rows = tensor<int64_t>({0, 1, 1, 3, 3, 3, 4});
  for (const std::string& name : metric_names()) {
    if (name == "max_error" || name == "median_ae" || name == "top_k_accuracy") continue;
    INFO(name);
    CHECK(value(name, y, p, weight) ==
          Approx(value(name, y.index_select(0, rows), p.index_select(0, rows))).epsilon(1e-12));
  }
}

// Breaks if shapes, dtypes or layouts that mean the same rows give other values.
TEST_CASE("Inputs may have any of the documented shapes", "[metrics]") {
  const Binary b;
  const Multiclass m;
  const Tensor one_hot_y = one_hot(m.y, 5);
  for (const auto& [name, layout] : xg_test::layouts(m.p)) {
    INFO(name);
    CHECK(value(Accuracy(), m.y, layout) == 0.625);
    CHECK(value(Accuracy(), one_hot_y, layout) == 0.625);
    CHECK(value(Accuracy(), m.y.reshape({-1, 1}).to(float32), layout) == 0.625);
  }
  CHECK(value(F1(), b.y.reshape({-1, 1}), b.p) == 0.5);
  CHECK(value(F1(), b.y.to(bool_), b.p.reshape({-1, 1}).to(float32)) == 0.5);
  // Predicted labels: numbers of classes need no scores.
  CHECK(value(Accuracy(), m.y, m.p.argmax(1)) == 0.625);
  CHECK(value(Precision(), m.y, m.p.argmax(1)) == 0.5);
  CHECK(value(F1(), b.y, (b.p > 0.5).to(int64)) == 0.5);
  // Predictions of a network are part of a graph.
  Tensor leaf = b.p.clone();
  leaf.requires_grad_();
  CHECK(value(F1(), b.y, leaf * 1.0) == 0.5);
}

// Breaks if the threshold is not the border that is asked for, itself belonging to class 0 (as in Keras).
TEST_CASE("Thresholds", "[metrics]") {
  const Tensor y = tensor({0, 1, 1}), p = tensor({.3, .3, .6});
  CHECK(value(Recall({.threshold = 0.2}), y, p) == 1.0);
  CHECK(value(Recall({.threshold = 0.3}), y, p) == 0.5);
  CHECK(value(Recall({.threshold = 0.9}), y, p) == 0.0);
  CHECK(value(Accuracy({.threshold = 0}), tensor({0, 1}), tensor({-2, 0.25})) == 1.0);  // logits
}

// Breaks if a division by zero gives NaN where scikit-learn defines 0 (or the other way round).
TEST_CASE("Zero divisions follow scikit-learn", "[metrics]") {
  const Tensor none = tensor({0, 0, 0}), all = tensor({1, 1, 1}), low = tensor({.1, .2, .3}),
               high = tensor({.9, .8, .7});
  CHECK(value(Precision(), all, low) == 0);
  CHECK(value(Recall(), none, high) == 0);
  CHECK(value(F1(), none, low) == 0);
  CHECK(value(F1(), all, low) == 0);
  CHECK(value(Jaccard(), none, low) == 0);
  CHECK(value(MatthewsCorrcoef(), none, low) == 0);
  CHECK(std::isnan(value(CohenKappa(), none, low)));
  CHECK(std::isnan(value(AUC(), all, high)));
  CHECK(std::isnan(value(AUC(), none, high)));
  CHECK(value(AveragePrecision(), none, high) == 0);
  CHECK(value(R2(), tensor({1, 1}), tensor({1, 1})) == 1);
  CHECK(value(R2(), tensor({1, 1}), tensor({1, 2})) == 0);
  CHECK(std::isnan(value(R2(), tensor({1}), tensor({2}))));
  CHECK(std::isfinite(value(LogLoss(), tensor({1, 0}), tensor({0, 1}))));
}

// Breaks if R2 loses the variance of y to a large mean: sums of squares would.
TEST_CASE("R2 keeps its digits where the mean is large", "[metrics]") {
  const Tensor y = tensor({1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 4}, {.dtype = float64});
  CHECK(value(R2(), y, y + 0.5) == Approx(1 - 4 * 0.25 / 5.0).epsilon(1e-9));
}

// Breaks if a function metric is not the mean over batches (Keras) or not the value over all rows (ours).
TEST_CASE("Metrics from functions", "[metrics]") {
  const auto r2 = [](const Tensor& y, const Tensor& p) {
    return 1 - square(y - p).sum() / (square(y - y.mean()).sum() + 1e-7);
  };
  const Tensor y = tensor({1, 2, 3, 7}, {.dtype = float64}), p = tensor({1, 2.5, 3, 5}, {.dtype = float64});
  Metric whole = function("R2", r2), keras = function("R2", r2, {.per_batch = true, .larger_is_better = true});
  for (std::int64_t start : {0, 2}) {
    whole.update(y.narrow(0, start, 2), p.narrow(0, start, 2));
    keras.update(y.narrow(0, start, 2), p.narrow(0, start, 2));
  }
  CHECK(whole.name() == "R2");
  CHECK(whole.compute() == Approx(1 - 4.25 / 20.75).epsilon(1e-6));
  CHECK(keras.compute() == Approx(((1 - 0.25 / 0.5) + (1 - 4.0 / 8.0)) / 2).epsilon(1e-6));
  CHECK(keras.larger_is_better() == true);
  CHECK_FALSE(whole.larger_is_better().has_value());
  CHECK(value(function("count", [](const Tensor& t, const Tensor&) { return t.size(0); }), y, p) == 4);
  CHECK_ERROR(function("", r2), ValueError, "name is empty");
  CHECK_ERROR(function("f", FunctionMetric::Function()), ValueError, "\"f\" has no function");
  CHECK_ERROR(whole.update(y, p.narrow(0, 0, 3)), ShapeError, "[R2]", "y_true is [4]", "y_pred is [3]");
  CHECK_ERROR(whole.update(y, p, y), ValueError, "[R2]", "sample_weight", "does not take weights");
}

// Breaks if a copy shares its sums with the original.
TEST_CASE("A metric is a value", "[metrics]") {
  Metric one = Accuracy();
  one.update(tensor({1, 0}), tensor({.9, .1}));
  Metric two = one;
  two.update(tensor({1, 0}), tensor({.1, .9}));
  CHECK(one.compute() == 1.0);
  CHECK(two.compute() == 0.5);
  two = one;
  one.reset();
  CHECK(two.compute() == 1.0);
}

// Breaks if a name that people write is not known, or a key of the History changes.
TEST_CASE("Metrics by name", "[metrics]") {
  const std::vector<std::string> keys = {"accuracy", "precision", "recall", "f1",   "auc",
                                         "r2",       "mae",       "mse",    "rmse", "mape"};
  for (const std::string& key : keys) CHECK(metric(key).name() == key);
  for (const std::string& key : metric_names()) CHECK(metric(key).name() == key);
  CHECK(metric("acc").name() == "accuracy");
  CHECK(metric("AUC").name() == "auc");
  CHECK(metric("mean_absolute_error").name() == "mae");
  CHECK(metric("f1").larger_is_better() == true);
  CHECK(metric("mae").larger_is_better() == false);
  const std::vector<nn::Metric> list = {"accuracy", F1({.name = "f1_low"}), std::string("auc")};
  CHECK(list[1].name() == "f1_low");
  CHECK_ERROR(metric("accurracy"), ValueError, "[metric] \"accurracy\" is unknown", "accuracy, precision, recall",
              "mape");
}

// Breaks if a row labelled -100, which losses ignore, is counted or refused, or -0.0 is another class than 0.
TEST_CASE("Metrics leave out ignored rows, and -0.0 is 0", "[metrics]") {
  {  // whatever was predicted there
    Accuracy accuracy;
    accuracy.update(tensor({1.0, -100.0, 0.0}), tensor({0.9, std::nan(""), 0.1}));
    CHECK(accuracy.compute() == 1);
  }
  const Tensor probability = tensor({0.9, 0.2, 0.6, 0.4, 0.7}), some = tensor({1, -100, 0, -100, 1});
  const Tensor kept_probability = tensor({0.9, 0.6, 0.7}), kept = tensor({1, 0, 1}), weight = tensor({1, 9, 2, 9, 3});
  for (const char* name : {"accuracy", "precision", "recall", "f1", "jaccard", "balanced_accuracy", "matthews_corrcoef",
                           "cohen_kappa", "auc", "average_precision", "log_loss", "brier"}) {
    INFO(name);
    nn::Metric all(name), of_kept(name), weighted(name), of_kept_weighted(name), batches(name), negative_zero(name);
    all.update(some, probability);
    of_kept.update(kept, kept_probability);
    CHECK(all.compute() == of_kept.compute());
    weighted.update(some, probability, weight);
    of_kept_weighted.update(kept, kept_probability, tensor({1, 2, 3}));
    CHECK(weighted.compute() == of_kept_weighted.compute());
    batches.update(full({5}, -100), probability);  // nothing in this one
    batches.update(some.to(int64), probability);
    CHECK(batches.compute() == of_kept.compute());
    negative_zero.update(tensor({1.0, -0.0, 1.0}), kept_probability);
    CHECK(negative_zero.compute() == of_kept.compute());
    nn::Metric nothing(name);
    nothing.update(full({5}, -100), probability);
    CHECK_ERROR(nothing.compute(), ValueError, "no row has been seen");
  }
  const Tensor scores = tensor({{0.1, 0.7, 0.2}, {0.5, 0.3, 0.2}, {0.2, 0.2, 0.6}}),
               labels = tensor<int64_t>({1, -100, 0});
  const Tensor first = scores.index_select(0, tensor<int64_t>({0, 2})), first_labels = tensor<int64_t>({1, 0});
  CHECK(equal(nn::metrics::confusion_matrix(labels, scores), nn::metrics::confusion_matrix(first_labels, first)));
  CHECK(equal(nn::metrics::confusion_matrix(labels, tensor<int64_t>({1, 4, 1})),
              nn::metrics::confusion_matrix(first_labels, tensor<int64_t>({1, 1}))));
  const auto report = nn::metrics::classification_report(labels, scores);
  CHECK(report.support == 2);
  CHECK(report.log_loss == nn::metrics::classification_report(first_labels, first).log_loss);
  CHECK(nn::metrics::roc_curve(some, probability).auc == nn::metrics::roc_curve(kept, kept_probability).auc);
  const Tensor none = full({5}, -100);
  CHECK_ERROR(nn::metrics::confusion_matrix(none, probability), ValueError, "[confusion_matrix] no row");
  CHECK_ERROR(nn::metrics::roc_curve(none, probability), ValueError, "[roc_curve] no row");
  CHECK_ERROR(nn::metrics::precision_recall_curve(none, probability), ValueError, "[precision_recall_curve] no row");
  CHECK_ERROR(nn::metrics::calibration_curve(none, probability), ValueError, "[calibration_curve] no row");
  CHECK_ERROR(nn::metrics::classification_report(none, probability), ValueError, "[classification_report] no row");
}

// Breaks if rows that make no sense are counted, or the message does not say which row and what to do.
TEST_CASE("Metrics name what is wrong", "[metrics][bad input]") {
  const Tensor y = tensor({0, 1, 1}), p = tensor({.1, .2, .3});
  CHECK_ERROR(Accuracy().update(y, tensor({.1, .2})), ShapeError, "[accuracy]", "y_true is [3], y_pred is [2]");
  CHECK_ERROR(Accuracy().update(y, Tensor()), ValueError, "y_pred is undefined");
  CHECK_ERROR(F1().update(y, ones({3, 2, 2})), ShapeError, "[f1]", "y_pred is [3, 2, 2]", "[rows, classes]");
  CHECK_ERROR(F1().update(ones({3, 4}), ones({3, 2})), ShapeError, "y_true is [3, 4]", "y_pred is [3, 2]");
  CHECK_ERROR(AUC().update(ones({0}), ones({0})), ShapeError, "[auc]", "at least one row");
  CHECK_ERROR(Accuracy().update(tensor({0, not_a_number, 1}), p), ValueError, "y_true is NaN at row 1");
  CHECK_ERROR(Accuracy().update(y, tensor({.1, .2, not_a_number})), ValueError, "y_pred is NaN at row 2", "diverged");
  CHECK_ERROR(Accuracy().update(tensor({0, 1, 2}), p), IndexError, "y_true is 2 at row 2", "0 or 1");
  CHECK_ERROR(Accuracy().update(tensor({0, .5, 1}), p), IndexError, "y_true is 0.5 at row 1");
  CHECK_ERROR(Accuracy().update(tensor<int64_t>({0, 3, 1}), ones({3, 3})), IndexError, "y_true is 3 at row 1",
              "0 to 2");
  CHECK_ERROR(Accuracy().update(tensor<int64_t>({0, -1, 1}), ones({3, 3})), IndexError, "y_true is -1 at row 1");
  CHECK_ERROR(Accuracy().update(tensor({{1, 1}, {0, 1}}), ones({2, 2})), ValueError, "row 0 of y_true is not one-hot");
  CHECK_ERROR(Accuracy().update(tensor({{1, 0}, {0, 0}}), ones({2, 2})), ValueError, "row 1 of y_true is all zeros");
  CHECK_ERROR(Accuracy().update(y, p, tensor({1, 2})), ShapeError, "sample_weight is [2]", "3 rows");
  CHECK_ERROR(Accuracy().update(y, p, tensor({1, -2, 1})), ValueError, "sample_weight is -2 at row 1");
  CHECK_ERROR(LogLoss().update(y, tensor({.1, 1.5, .2})), ValueError, "y_pred is 1.5 at row 1", "no probability",
              "sigmoid");
  CHECK_ERROR(LogLoss().update(tensor<int64_t>({0}), tensor({{.5, .2}})), ValueError, "sum to 0.7", "softmax");
  CHECK_ERROR(TopKAccuracy().update(y, p), ShapeError, "[rows, classes]");
  CHECK_ERROR(TopKAccuracy({.k = 0}), ValueError, "k is 0");
  CHECK_ERROR(R2().update(y, ones({3, 2})), ShapeError, "[r2]", "y_true is [3]", "y_pred is [3, 2]", "outputs");
  CHECK_ERROR(MAE().update(y, tensor({1, std::numeric_limits<double>::infinity(), 1})), ValueError,
              "y_pred is infinite at row 1", "diverged");
  CHECK_ERROR(MSE().update(tensor({1, not_a_number, 1}), p), ValueError, "y_true is NaN at row 1", "drop or repair");
  for (const std::string& name : metric_names())
    CHECK_ERROR(metric(name).compute(), ValueError, "no row has been seen");
  CHECK_ERROR(value(F1({.average = Average::binary}), tensor<int64_t>({0, 1, 2}), ones({3, 3})), ValueError,
              "average is binary, but there are 3 classes");
  AUC auc;
  auc.update(y, p);
  CHECK_ERROR(auc.update(tensor<int64_t>({0, 1, 1}), ones({3, 3})), ShapeError, "earlier batches had 1 columns");
  CHECK_ERROR(auc.update(y, p, y), ValueError, "sample_weight", "all of them or to none");
  CHECK_ERROR(Accuracy().update(tensor<int64_t>({2'000'000, 0, 1}), tensor<int64_t>({0, 1, 2})), IndexError, "2000000");
  CHECK_ERROR(confusion_matrix(tensor<int64_t>({5000}), tensor<int64_t>({0})), ValueError, "5001 classes", "4096");
}
