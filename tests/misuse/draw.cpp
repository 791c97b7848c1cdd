#include "misuse/draw.hpp"

#include <array>
#include <cmath>

using namespace xg;

namespace xg_test {
namespace {
constexpr std::array all_dtypes = {float32, float64, int32, int64, uint8, bool_};
}

std::uint64_t Draw::next() {  // splitmix64
  std::uint64_t z = seed_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

Dtype Draw::dtype() { return all_dtypes[static_cast<std::size_t>(below(all_dtypes.size()))]; }

std::int64_t Draw::integer() {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                         most = std::numeric_limits<std::int64_t>::max();
  // Nothing between some thousand and what no memory holds: such a count would be right, and take all day.
  if (!one_in(4)) return below(8) - 2;
  return one_of<std::int64_t>({least, least + 1, -(std::int64_t{1} << 62), -(std::int64_t{1} << 50), -100, 100, 1000,
                               std::int64_t{1} << 50, std::int64_t{1} << 57, std::int64_t{1} << 62, most - 1, most});
}

double Draw::number() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (!one_in(4)) return one_of({0.0, 0.5, 1.0, 2.0, 3.5, -1.0, -0.25, 0.1});
  return one_of({infinity, -infinity, std::nan(""), 1e300, -1e300, 5e-324, -0.0, 1e18, -1e18});
}

Scalar Draw::scalar() {
  if (one_in(8)) return yes();
  return one_in(3) ? Scalar(integer()) : Scalar(number());
}

TensorOptions Draw::options() {
  TensorOptions options;
  if (yes()) options.dtype = dtype();
  options.requires_grad = one_in(6);
  return options;
}

Shape Draw::shape() {
  Shape shape;
  for (std::int64_t i = one_in(20) ? 8 : below(4); i > 0; --i)
    shape.push_back(one_in(10) ? integer() : below(5) - (one_in(12) ? 1 : 0));
  return shape;
}

Dims Draw::dims() {
  Dims dims;
  for (std::int64_t i = below(4); i > 0; --i) dims.push_back(dim());
  return dims;
}

std::vector<std::int64_t> Draw::integers(std::int64_t most) {
  std::vector<std::int64_t> out;
  for (std::int64_t i = below(most + 1); i > 0; --i) out.push_back(integer());
  return out;
}

Shape Draw::tensor_shape() {
  if (has_shape_ && !one_in(5)) {
    Shape shape = shape_;
    if (!one_in(4) || shape.empty()) return shape;
    if (yes())
      shape.erase(0);  // broadcasts
    else
      shape[static_cast<std::size_t>(below(static_cast<std::int64_t>(shape.size())))] = 1;
    return shape;
  }
  Shape shape;
  for (std::int64_t i = one_in(25) ? 8 : below(4) + (one_in(4) ? 0 : 1); i > 0; --i)
    shape.push_back(one_in(12) ? 0 : 1 + below(i > 4 ? 2 : 4));
  if (!has_shape_) shape_ = shape;
  has_shape_ = true;
  return shape;
}

double Draw::element(Dtype dtype) {
  const double small = static_cast<double>(below(41) - 20) * (is_floating(dtype) ? 0.125 : 0.25);
  if (!mode_.extremes || !one_in(4)) {
    if (is_floating(dtype) && one_in(60)) return one_of({std::nan(""), std::numeric_limits<double>::infinity(), -0.0});
    return small;
  }
  return one_of({std::nan(""), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(), 1e300,
                 -1e300, 3e38, -3e38, 1e-40, 5e-324, 9.3e18, -9.3e18, 2147483648.0, -2147483649.0, 255.0, 256.0,
                 16777217.0});
}

Tensor Draw::arranged(Tensor x, bool expandable) {
  const std::int64_t dims = x.dim();
  const std::int64_t kind = below(6);
  const std::int64_t d = dims == 0 ? 0 : below(dims), e = dims == 0 ? 0 : below(dims);
  Tensor out = x;
  if (kind == 1 && dims > 1) {
    out = transpose(contiguous(transpose(x, d, e)), d, e);
  } else if (kind == 2 && dims < 8) {
    out = select(stack({x, x}, -1), -1, 1);  // every other element
  } else if (kind == 3 && dims > 0) {
    out = narrow(cat({x, x}, d), d, x.size(d), x.size(d));  // a part of something larger
  } else if (kind == 4 && dims > 0 && expandable) {
    out = expand(narrow(x, d, 0, std::min<std::int64_t>(1, x.size(d))), x.shape());
  } else if (kind == 5 && dims > 1 && dims < 8) {
    out = transpose(select(stack({transpose(x, d, e), transpose(x, d, e)}, 0), 0, 1), d, e);
  }
  return mode_.dense ? contiguous(out) : out;
}

Tensor Draw::make(const Shape& shape, Dtype dtype, bool expandable) {
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (double& value : values) value = element(dtype);
  Tensor x = from_data(values.data(), shape).to(dtype);
  if (mode_.gradients && is_floating(dtype)) {
    x.requires_grad_();
    leaves_.push_back(x);
  }
  return arranged(x, expandable);
}

Tensor Draw::tensor() {
  if (one_in(40)) return {};
  const Shape shape = tensor_shape();
  return make(shape, one_in(3) ? dtype() : (yes() ? float32 : float64));
}

Tensor Draw::tensor_like(const Tensor& like) {
  if (one_in(40)) return {};
  const Shape shape = one_in(4) || !like.defined() ? tensor_shape() : like.shape();
  return make(shape, one_in(4) || !like.defined() ? dtype() : like.dtype());
}

Tensor Draw::other_values(const Tensor& like) {
  return is_floating(like.dtype()) ? make(like.shape(), like.dtype()) : arranged(like, true);
}

Tensor Draw::index() {
  if (one_in(12)) return tensor();
  Shape shape = one_in(3) ? tensor_shape() : Shape{below(4)};
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.numel()));
  for (std::int64_t& value : values) value = one_in(20) ? integer() : below(3);
  Tensor x = from_data(values.data(), shape);
  return arranged(one_in(4) ? x.to(int32) : x, true);
}

std::vector<Index> Draw::indices() {
  const auto bound = [&] { return yes() ? std::nullopt : std::optional(integer()); };
  std::vector<Index> out;
  for (std::int64_t i = below(5); i > 0; --i) switch (below(7)) {
      case 0:
        out.emplace_back(newaxis);
        break;
      case 1:
        out.emplace_back(ellipsis);
        break;
      case 2:
        out.emplace_back(index());
        break;
      case 3:
        out.emplace_back(mask());
        break;
      case 4:
        out.emplace_back(integer());
        break;
      default:
        out.emplace_back(Slice{bound(), bound(), one_in(3) ? integer() : 1});
    }
  return out;
}

Tensor Draw::mask() { return one_in(10) ? tensor() : make(tensor_shape(), bool_); }

Tensor Draw::target() {
  if (one_in(40)) return {};
  const Dtype type = one_in(3) ? dtype() : float64;
  const Tensor x = make(tensor_shape(), type, false);
  // A leaf must not be written to; a copy in the drawn layout may.
  return mode_.gradients && is_floating(type) ? arranged(x * 1, false) : x;
}

std::vector<Tensor> Draw::tensors() {
  std::vector<Tensor> out;
  for (std::int64_t i = one_in(10) ? 0 : 1 + below(3); i > 0; --i) out.push_back(tensor());
  return out;
}

}  // namespace xg_test
