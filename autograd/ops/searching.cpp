// Searching in sorted tensors, and distinct slices.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/ops/sorting.hpp>
#include <xgrad/tensor/kernels/sort.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// The place of each value in its row of sorted elements
struct Searchsorted {
  static constexpr const char* name = "searchsorted";
  static constexpr int inputs = 2;
  static constexpr Promotion promotion = Promotion::arithmetic;
  static constexpr Rule rule = Rule::unsupported;
  bool right = false;
  Tensor forward(const Tensor& sorted, const Tensor& values) const {
    return kernels::searchsorted(sorted, values, right);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return searchsorted(sort(in[0]).first, in[1]); };
    return shaped_samples(d, {{"vector", {{5}, {2, 3}}, call}, {"rows", {{2, 5}, {2, 3}}, call}});
  }
};

/// The distinct slices along dim, the number of each slice's equal, and the counts: no derivative.
struct UniqueSlices {
  static constexpr const char* name = "unique_slices";
  static constexpr int inputs = 1;
  static constexpr int outputs = 3;
  static constexpr Rule rule = Rule::unsupported;
  std::int64_t dim = 0;
  bool consecutive = false;
  static bool mixes_rows(std::int64_t) { return true; }
  std::array<Tensor, 3> forward(const Tensor& x) const {
    auto [values, inverse, counts] = kernels::unique_slices(x, dim, consecutive);
    return {std::move(values), std::move(inverse), std::move(counts)};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto rows = [](const Inputs& in) { return std::get<0>(unique(in[0], 0)); };
    const auto runs = [](const Inputs& in) { return std::get<0>(unique_consecutive(in[0])); };
    return shaped_samples(d, {{"rows", {{3, 4}}, rows}, {"runs", {{3, 4}}, runs}});
  }
};

std::tuple<Tensor, Tensor, Tensor> unique_along(const char* op, const Tensor& given, std::int64_t dim,
                                                bool consecutive) {
  const std::int64_t d = normalize_dim(op, dim, given.dim());
  const Tensor x = given.dim() == 0 ? reshape(given, {1}) : given;
  if (x.numel() == 0 && x.size(d) != 0)
    raise<ShapeError>("[{}] slices along dimension {} of shape {} have no elements: there is nothing to compare.", op,
                      d, x.shape().str());
  auto [values, inverse, counts] = apply(UniqueSlices{d, consecutive}, x);
  return {std::move(values), std::move(inverse), std::move(counts)};
}

/// Throws ShapeError unless each value has one row to be searched in.
void check_rows(const Tensor& sorted, const Tensor& values) {
  bool fits = sorted.dim() == 1 || (sorted.dim() > 0 && sorted.dim() == values.dim());
  for (std::size_t d = 0; fits && d + 1 < sorted.shape().size(); ++d) fits = sorted.shape()[d] == values.shape()[d];
  if (!fits)
    raise<ShapeError>(
        "[searchsorted] sorted has shape {}, values {}: sorted must be a vector, or all dimensions but the last must "
        "be "
        "equal.",
        sorted.shape().str(), values.shape().str());
}

bool goes_right(const SearchOptions& options) {
  const std::string_view side = options.side;
  if (side.empty()) return options.right;
  if (side != "left" && side != "right")
    raise<ValueError>("[searchsorted] side is \"{}\": use \"left\" or \"right\".", side);
  if (side == "left" && options.right)
    throw ValueError("[searchsorted] side is \"left\" and right is true: give one of them.");
  return side == "right";
}

/// A number as a 0-d tensor of the dtype in which it is compared with those of `like`.
Tensor compared(Scalar value, const Tensor& like) {
  return full({}, value, {.dtype = xg::result_type(like.dtype(), value)});
}

}  // namespace
}  // namespace autograd

std::tuple<Tensor, Tensor, Tensor> unique(const Tensor& x, std::int64_t dim) {
  return autograd::unique_along("unique", x, dim, false);
}

std::tuple<Tensor, Tensor, Tensor> unique_consecutive(const Tensor& x, std::optional<std::int64_t> dim) {
  if (dim) return autograd::unique_along("unique_consecutive", x, *dim, true);
  auto [values, inverse, counts] = autograd::unique_along("unique_consecutive", ravel(x), 0, true);
  return {std::move(values), reshape(inverse, x.shape()), std::move(counts)};
}

Tensor searchsorted(const Tensor& sorted, const Tensor& values, const SearchOptions& options) {
  const bool right = autograd::goes_right(options);
  autograd::check_rows(sorted, values);
  if (options.out_int32 && sorted.shape().back() >= std::numeric_limits<std::int32_t>::max())
    raise<ValueError>("[searchsorted] sorted has shape {}, whose places int32 cannot count: use out_int32 = false.",
                      sorted.shape().str());
  Tensor rows = sorted;
  if (const Tensor& sorter = options.sorter; sorter.defined()) {
    if (sorter.dtype() != Dtype::int64)
      raise<DtypeError>("[searchsorted] the sorter is {}, it must be int64: use argsort(sorted).",
                        name(sorter.dtype()));
    if (sorter.shape() != sorted.shape())
      raise<ShapeError>("[searchsorted] the sorter has shape {}, sorted {}: they must be equal.", sorter.shape().str(),
                        sorted.shape().str());
    rows = gather(sorted, -1, sorter);
  }
  const Tensor places = apply(autograd::Searchsorted{right}, rows, values);
  return options.out_int32 ? to(places, Dtype::int32) : places;
}

Tensor searchsorted(const Tensor& sorted, Scalar value, const SearchOptions& options) {
  return searchsorted(sorted, autograd::compared(value, sorted), options);
}

Tensor bucketize(const Tensor& x, const Tensor& boundaries, bool out_int32, bool right) {
  if (boundaries.dim() != 1)
    raise<ShapeError>("[bucketize] boundaries have shape {}: they must be a vector.", boundaries.shape().str());
  return searchsorted(boundaries, x, {.out_int32 = out_int32, .right = right});
}

Tensor bucketize(Scalar x, const Tensor& boundaries, bool out_int32, bool right) {
  return bucketize(autograd::compared(x, boundaries), boundaries, out_int32, right);
}

Tensor isin(const Tensor& elements, const Tensor& test_elements, bool /*assume_unique*/, bool invert) {
  if (!elements.defined() || !test_elements.defined()) throw_undefined();
  const std::array<const Tensor*, 2> both{&elements, &test_elements};
  const Dtype dtype = autograd::result_type(both);
  Tensor tests = to(ravel(test_elements), dtype);
  if (tests.is_floating_point()) tests = masked_select(tests, logical_not(isnan(tests)));
  Tensor found = zeros(elements.shape(), {.dtype = bool_});
  if (tests.numel() > 0) {
    const Tensor sorted = sort(tests).first, wanted = to(elements, dtype);
    const Tensor last = full({}, tests.numel() - 1);
    const Tensor place = minimum(searchsorted(sorted, wanted), last);
    found = eq(reshape(index_select(sorted, 0, ravel(place)), elements.shape()), wanted);
  }
  return invert ? logical_not(found) : found;
}

Tensor isin(const Tensor& elements, Scalar test_element, bool, bool invert) {
  return invert ? elements != test_element : elements == test_element;
}

Tensor isin(Scalar element, const Tensor& test_elements, bool, bool invert) {
  const Tensor found = any(test_elements == element);
  return invert ? logical_not(found) : found;
}

}  // namespace xg
