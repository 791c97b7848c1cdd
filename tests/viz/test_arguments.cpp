// What compiles as an argument, and what must not: empty braces for options, a literal 0 for a name. Part
// of the viz suite, which links every layer.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/xgrad.hpp>

#include <type_traits>

using namespace xg;

// Does `expression`, which calls something of `t`, compile for a Type& t?
#define COMPILES(Type, ...) \
  ([]<class T>(std::type_identity<T>) { return requires(T& t) { __VA_ARGS__; }; }(std::type_identity<Type>()))

// A name is taken in each form that texts have; numbers, null pointers and what is not there are not.
#define TAKES_NAMES(Type, function, ...)                                                        \
  static_assert(COMPILES(Type, function("name" __VA_OPT__(, ) __VA_ARGS__)));                   \
  static_assert(COMPILES(Type, function(std::string("name") __VA_OPT__(, ) __VA_ARGS__)));      \
  static_assert(COMPILES(Type, function(std::string_view("name") __VA_OPT__(, ) __VA_ARGS__))); \
  static_assert(!COMPILES(Type, function(0 __VA_OPT__(, ) __VA_ARGS__)));                       \
  static_assert(!COMPILES(Type, function(NULL __VA_OPT__(, ) __VA_ARGS__)));                    \
  static_assert(!COMPILES(Type, function(nullptr __VA_OPT__(, ) __VA_ARGS__)))
// Breaks as above where other arguments stand before the name.
#define TAKES_NAMES_AFTER(Type, function, before, ...)                                             \
  static_assert(COMPILES(Type, function(before, "name" __VA_OPT__(, ) __VA_ARGS__)));              \
  static_assert(COMPILES(Type, function(before, std::string("name") __VA_OPT__(, ) __VA_ARGS__))); \
  static_assert(!COMPILES(Type, function(before, 0 __VA_OPT__(, ) __VA_ARGS__)));                  \
  static_assert(!COMPILES(Type, function(before, NULL __VA_OPT__(, ) __VA_ARGS__)));               \
  static_assert(!COMPILES(Type, function(before, nullptr __VA_OPT__(, ) __VA_ARGS__)))
#define TAKES_KEYS(Type)                                 \
  static_assert(COMPILES(Type, t["name"]));              \
  static_assert(COMPILES(Type, t[std::string("name")])); \
  static_assert(!COMPILES(Type, t[0]));                  \
  static_assert(!COMPILES(Type, t[NULL]));               \
  static_assert(!COMPILES(Type, t[nullptr]))

// A function that does not take t, in an expression that depends on T.
template <class T, class F> constexpr F* of(F* function) { return function; }

// ---- tensor and autograd
TAKES_NAMES(const std::vector<Tensor>, xg::einsum, t);
TAKES_NAMES(const std::vector<Tensor>, xg::einsum_path, t);
TAKES_NAMES(autograd::Context, t.set, 1);
TAKES_NAMES(autograd::Context, t.template get<int>);
static_assert(COMPILES(std::string_view, dtype_from_name(t)) && !COMPILES(std::nullptr_t, dtype_from_name(t)));
static_assert(COMPILES(Scope, T("name")) && !COMPILES(Scope, T(nullptr)));

// ---- nn
TAKES_KEYS(nn::History);
TAKES_NAMES(nn::History, t.contains);
TAKES_NAMES(nn::History, t.append, 1.0);
TAKES_NAMES(nn::History, t.set_monitor, true);
TAKES_NAMES(nn::History, t.set_stop, true);
TAKES_KEYS(nn::Evaluation);
TAKES_NAMES(nn::FitState, t.value);
TAKES_NAMES(nn::FitState, t.larger_is_better);
TAKES_NAMES(nn::FitState, t.stop);
TAKES_NAMES(nn::FitState, t.note);
TAKES_NAMES(nn::Metric, T);
TAKES_NAMES(nn::Metric, of<T>(&nn::metrics::metric));
TAKES_NAMES(double(const Tensor&, const Tensor&), nn::metrics::function, t);
TAKES_NAMES(nn::metrics::ClassCounts, T);
TAKES_NAMES(nn::metrics::ScoreTable, T);
TAKES_NAMES(nn::Loss, T);
TAKES_NAMES(nn::Loss::Function, nn::Loss, t);
TAKES_NAMES(nn::Activation, T);
TAKES_NAMES(nn::Activation::Function, nn::Activation, t);
TAKES_NAMES(nn::Initializer, T);
TAKES_NAMES(const double, nn::init::calculate_gain, t);
TAKES_NAMES_AFTER(optim::ReduceLROnPlateau, nn::LearningRateSchedule, t);
TAKES_NAMES(nn::Module, t.param, Tensor());
TAKES_NAMES(nn::Module, t.buffer, Tensor());
TAKES_NAMES(nn::Module, t.set_name);
TAKES_NAMES(nn::Module, T);
TAKES_NAMES(nn::Module, t.template add<nn::Linear>, 1, 1);
TAKES_NAMES(nn::Module, t.add, nn::Linear(1, 1));
TAKES_NAMES(nn::Module, t.add, std::make_shared<nn::Linear>(1, 1));
TAKES_NAMES(nn::Module, t.add, nn::shared(nn::Linear(1, 1)));
TAKES_NAMES(nn::Sequential, T);
TAKES_NAMES(nn::Sequential, T, nn::Linear(1, 1));
static_assert(COMPILES(const nn::Node, nn::Model(t, t, "name")) && !COMPILES(const nn::Node, nn::Model(t, t, 0)) &&
              !COMPILES(const nn::Node, nn::Model(t, t, nullptr)));

// ---- tables and files
TAKES_KEYS(nn::data::Table);
TAKES_NAMES(nn::data::Table, t.column);
TAKES_NAMES(nn::data::Table, t.contains);
TAKES_NAMES(nn::data::Table, of<T>(&nn::data::parse_csv), nn::data::ReadCsvOptions{}, "text");
TAKES_NAMES(nn::data::Column, t.renamed);
TAKES_NAMES(nn::data::Column, T::numeric, std::vector<double>{1});
static_assert(COMPILES(nn::data::Table, t.select({"a", "b"})) && !COMPILES(nn::data::Table, t.select({0})));
static_assert(COMPILES(nn::data::Table, t.drop({"a"})) && !COMPILES(nn::data::Table, t.drop({nullptr})));
static_assert(COMPILES(nn::data::Table, t.drop_missing({"a"})) && !COMPILES(nn::data::Table, t.drop_missing({0, 0})));
TAKES_NAMES(Tensor, of<T>(&load_npy));
TAKES_NAMES(Tensor, of<T>(&load_safetensors));
TAKES_NAMES(Tensor, of<T>(&load_npz));
TAKES_NAMES(Tensor, save_npy, t);
TAKES_NAMES(Tensor, of<T>(&load_csv), CsvOptions{});
static_assert(COMPILES(const std::filesystem::path, load_npy(t)) && COMPILES(const std::string, load_npy(t + "x")));

// ---- options that are texts
#define TAKES_TEXT(Options, field)                                                                         \
  static_assert(COMPILES(Options, t.field = "text") && COMPILES(Options, t.field = std::string("text")) && \
                !COMPILES(Options, t.field = 0) && !COMPILES(Options, t.field = nullptr) &&                \
                !COMPILES(Options, T{.field = 0}))
TAKES_TEXT(nn::data::EncoderOptions, target);
TAKES_TEXT(nn::data::SplitOptions, stratify);
TAKES_TEXT(nn::EarlyStoppingOptions, monitor);
TAKES_TEXT(nn::DenseOptions, name);
TAKES_TEXT(viz::PlotOptions, label);
TAKES_TEXT(viz::ScoreCurve, name);
TAKES_TEXT(viz::ReportTable, caption);
TAKES_TEXT(viz::FigureOptions, title);
TAKES_TEXT(viz::ScatterOptions, color);
static_assert(COMPILES(nn::data::EncoderOptions, t.drop = {"a"}) && !COMPILES(nn::data::EncoderOptions, t.drop = {0}));
static_assert(COMPILES(explain::DeepShapOptions, t.feature_names = std::vector<std::string>{"a"}) &&
              !COMPILES(explain::DeepShapOptions, t.feature_names = {0}));

// ---- explain
TAKES_NAMES(explain::Explanation, of<T>(&explain::explanation_from_json));
TAKES_NAMES(explain::Explanation, t.feature_index);
TAKES_NAMES(explain::Explanation, of<T>(&explain::quadrature_from_name));
static_assert(COMPILES(explain::Explanation, t.output("name")) && !COMPILES(explain::Explanation, t.output(nullptr)));
static_assert(COMPILES(explain::Explanation, t.output(0)) && COMPILES(explain::Explanation, t[0]));
static_assert(COMPILES(explain::Explanation, t.rescaled(1, 0, "m")) &&
              !COMPILES(explain::Explanation, t.rescaled(1, 0, 0)));

// ---- viz
TAKES_NAMES_AFTER(explain::Explanation, viz::scatter, t);
TAKES_NAMES_AFTER(viz::Contributions, viz::scatter, t);
TAKES_NAMES(viz::Color, T::parse);
TAKES_NAMES(viz::Paint, T);
TAKES_NAMES(viz::ReportPart, T);
TAKES_NAMES(viz::Report, T);
TAKES_NAMES(viz::Report, t.section, "text");
TAKES_NAMES(viz::Report, t.add_section, std::vector<viz::ReportPart>());
TAKES_NAMES_AFTER(std::vector<viz::NetworkLayer>, viz::network, t);
TAKES_NAMES(viz::Data, viz::activation_curve, t, t);
TAKES_NAMES(viz::Axes, t.set_title);
TAKES_NAMES(viz::Axes, t.set_xlabel);
TAKES_NAMES(viz::Axes, t.set_ylabel);
TAKES_NAMES(viz::Axes, t.set_xscale);
TAKES_NAMES(viz::Axes, t.set_yscale);
TAKES_NAMES(viz::Axes, t.colorbar);
static_assert(COMPILES(viz::Axes, t.text(1, 2, "text")) && !COMPILES(viz::Axes, t.text(1, 2, 0)));
static_assert(!COMPILES(viz::PlotOptions, t.color = 0) && COMPILES(viz::PlotOptions, t.color = "C1"));

// ---- empty braces stand for default options
template <class... Types> constexpr bool made_from_braces = (requires { Types({}); } && ...);
static_assert(made_from_braces<nn::MSELoss, nn::L1Loss, nn::HuberLoss, nn::SmoothL1Loss, nn::BCELoss,
                               nn::BCEWithLogitsLoss, nn::CrossEntropyLoss, nn::NLLLoss, nn::KLDivLoss>);
static_assert(made_from_braces<nn::metrics::Accuracy, nn::metrics::Precision, nn::metrics::Recall, nn::metrics::F1,
                               nn::metrics::Jaccard, nn::metrics::BalancedAccuracy, nn::metrics::MatthewsCorrcoef,
                               nn::metrics::CohenKappa, nn::metrics::TopKAccuracy, nn::metrics::LogLoss,
                               nn::metrics::Brier, nn::metrics::AUC, nn::metrics::AveragePrecision, nn::metrics::MAE,
                               nn::metrics::MSE, nn::metrics::RMSE, nn::metrics::MAPE, nn::metrics::R2,
                               nn::metrics::ExplainedVariance, nn::metrics::MaxError, nn::metrics::MedianAE>);
static_assert(made_from_braces<nn::ReLU, nn::Sigmoid, nn::Tanh, nn::LeakyReLU, nn::PReLU, nn::ELU, nn::CELU, nn::GELU,
                               nn::Softplus, nn::Hardtanh, nn::Hardshrink, nn::Softmax, nn::LogSoftmax, nn::GLU,
                               nn::RReLU, nn::Flatten, nn::Identity, nn::Dropout>);
static_assert(made_from_braces<nn::EarlyStopping, nn::data::Encoder, nn::data::StandardScaler, nn::data::MinMaxScaler,
                               viz::Figure>);

// Breaks if braces make something else than the defaults, or stand in the way of options that are given.
TEST_CASE("empty braces are default options") {
  CHECK(nn::Dropout({}).p() == nn::Dropout().p());
  CHECK(nn::LeakyReLU({}).options().negative_slope == nn::LeakyReLU().options().negative_slope);
  CHECK(nn::metrics::F1({}).name() == "f1");
  CHECK(nn::metrics::F1({.name = "mine"}).name() == "mine");
  CHECK(nn::CrossEntropyLoss({}).options.ignore_index == -100);
  CHECK(nn::CrossEntropyLoss({.ignore_index = 3}).options.ignore_index == 3);
  CHECK_NOTHROW(nn::EarlyStopping({}));
  CHECK_NOTHROW(nn::ModelCheckpoint("model.safetensors", {}));
  nn::Sequential model(nn::Dense(2, 3, {}), nn::BatchNorm1d(3, {}), nn::LayerNorm(3, {}), nn::Linear(3, 1, {}));
  optim::Adam adam(model.parameters(), {});
  CHECK(adam.lr() == optim::AdamOptions().lr);
  CHECK_NOTHROW(optim::SGD(model.parameters(), {}));
  CHECK_NOTHROW(optim::ReduceLROnPlateau(adam, {}));
  const Tensor X = randn({4, 2}), y = randn({4, 1});
  nn::Trainer trainer(model, adam, nn::MSELoss({}), {});
  CHECK(trainer.fit(X, y, {.verbose = 0}).epochs() == 1);
  CHECK(trainer.evaluate(X, y, {}).size() == 1);
  CHECK(trainer.predict(X, {}).size(0) == 4);
  CHECK(explain::DeepShap(model, X, {})(X).size() == 4);
  CHECK(explain::IntegratedGradients(model, {})(X).size() == 4);
  CHECK(mse_loss(y, y, {}).item() == 0);
  CHECK(nn::data::DataLoader(X, y, {}).size() == 1);
}

// Breaks if a null pointer that only shows at run time is read.
TEST_CASE("a null pointer for a text is an error") {
  const char* nothing = nullptr;
  CHECK_ERROR(nn::History()[nothing], ValueError, "null pointer");
  CHECK_ERROR(nn::Metric(nothing), ValueError, "null pointer");
  CHECK_ERROR(nn::Loss(nothing), ValueError, "null pointer");
  CHECK_ERROR(nn::Module(nothing), ValueError, "null pointer");
  CHECK_ERROR(viz::Paint(nothing), ValueError, "null pointer");
}
