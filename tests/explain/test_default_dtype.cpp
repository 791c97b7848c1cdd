#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/explain.hpp>
#include <xgrad/nn/data/loader.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/nn/model.hpp>
#include <xgrad/nn/trainer.hpp>
#include <xgrad/optim/optim.hpp>

#include <cmath>
#include <string>

using namespace xg;

namespace {

struct DefaultDtype {
  explicit DefaultDtype(Dtype dtype) : before(default_dtype()) { set_default_dtype(dtype); }
  ~DefaultDtype() { set_default_dtype(before); }
  Dtype before;
};

void expect_dtype(const char* what, const Tensor& t, Dtype dtype) {
  INFO(what);
  CHECK((!is_floating(t.dtype()) || t.dtype() == dtype));
}

// Data, a model of nodes, training, evaluation and explanations, none of which names a dtype.
void run(Dtype dtype) {
  const DefaultDtype guard(dtype);
  manual_seed(4);
  for (const Tensor& made : {zeros({2}), ones({2}), rand({2}), randn({2}), eye(2), linspace(0, 1, 3), full({2}, 0.5),
                             tensor({1.0, 2}), tensor({{1}, {2}}), scalar_tensor(1.5), arange(0, 1, 0.5)}) {
    INFO(made.str());
    CHECK(made.dtype() == dtype);
  }
  const nn::Node x = nn::input({3});
  CHECK(x.dtype() == dtype);
  CHECK(nn::input({3}, {.dtype = int64}).dtype() == int64);
  nn::Node h = nn::Dense(8, {.activation = "relu"})(x);
  h = nn::BatchNorm1d(8)(h);
  h = nn::Dropout(0.2)(h);
  h = nn::LayerNorm(8)(h);
  h = nn::PReLU()(h);
  nn::Model model(x, nn::Dense(2)(h), "Net");
  for (const auto& [name, p] : model.named_parameters()) expect_dtype(name.c_str(), p, dtype);
  for (const auto& [name, b] : model.named_buffers()) expect_dtype(name.c_str(), b, dtype);
  for (const char* init : {"glorot_uniform", "he_normal", "orthogonal", "truncated_normal"})
    CHECK(nn::Dense(3, 4, {.kernel_init = init}).weight().dtype() == dtype);

  const Tensor X = randn({20, 3}), y = (X.slice(1, 0, 1) > 0).to(int64).reshape({20});
  for (const nn::data::Batch& batch : nn::data::DataLoader(X, y, {.batch_size = 8})) CHECK(batch.x.dtype() == dtype);
  optim::Adam adam(model.parameters(), {.lr = 0.01});
  nn::Trainer trainer(model, adam, nn::CrossEntropyLoss({.label_smoothing = 0.1}), {.metrics = {"accuracy", "f1"}});
  const nn::History history =
      trainer.fit(X, y, {.batch_size = 5, .epochs = 2, .verbose = 0, .class_weight = {{0, 2.0}}});
  CHECK(std::isfinite(history["loss"].back()));
  for (const auto& [name, state] : adam.state_dict())
    if (name.find("exp_avg") != std::string::npos) expect_dtype(name.c_str(), state, dtype);
  const Tensor prediction = trainer.predict(X);
  CHECK(prediction.dtype() == dtype);
  for (const char* name : {"mse", "huber", "log_cosh", "hinge", "poisson", "cosine_similarity"})
    CHECK(nn::Loss(name)(square(prediction), prediction).dtype() == dtype);

  for (const explain::Explanation& e :
       {explain::DeepShap(model, X)(X), explain::IntegratedGradients(model)(X), explain::Saliency(model)(X),
        explain::InputXGradient(model)(X), explain::ExactShapley(model, X)(X)}) {
    INFO(e.method());
    CHECK(e.values().dtype() == float64);  // explanations are kept in float64, whatever was explained
    CHECK(e.outputs().dtype() == float64);
  }
}

}  // namespace

// Breaks if something that is not told a dtype takes float32 instead of the default one.
TEST_CASE("the default dtype reaches whatever is not told another one") {
  run(float64);
  run(float32);
}
