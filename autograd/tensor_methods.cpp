// The methods of Tensor that are ops or use the graph.
#include <xgrad/autograd/detail/in_place.hpp>
#include <xgrad/autograd/detail/indexing.hpp>
#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xg {

using autograd::in_place;
using autograd::LeafNode;
using autograd::Node;
using autograd::node_of;
using autograd::NodeRef;

// ---- graph

bool Tensor::requires_grad() const { return node_of(*this) != nullptr; }

bool Tensor::is_leaf() const {
  const Node* node = node_of(*this);
  return node == nullptr || node->is_leaf();
}

Tensor& Tensor::requires_grad_(bool value) {
  Node* node = node_of(*this);
  if (value == (node != nullptr)) return *this;
  if (!value) {
    if (!node->is_leaf())
      throw AutogradError(
          "[requires_grad_] the tensor is the result of an op: requires_grad can be turned off only for leaves; use "
          "detach().");
    autograd::set_node(impl(), NodeRef(), 0);
    return *this;
  }
  if (!is_floating(dtype()))
    raise<DtypeError>(
        "[requires_grad_] dtype is {}, only float32 and float64 have gradients: convert with x.to(xg::float32).",
        name(dtype()));
  if (impl().inference)
    throw AutogradError("[requires_grad_] the tensor was made in InferenceMode: clone it outside first.");
  autograd::set_node(impl(), NodeRef::adopt(new LeafNode), 0);
  return *this;
}

namespace {
const Tensor undefined_tensor;

[[noreturn]] void throw_no_graph(const char* method) {
  raise<AutogradError>(
      "[{}] the tensor does not require grad: call requires_grad_() first, or compute it from a tensor that does.",
      method);
}
}  // namespace

const Tensor& Tensor::grad() const {
  Node* node = node_of(*this);
  if (node == nullptr) return undefined_tensor;
  if (node->is_leaf()) return static_cast<LeafNode*>(node)->grad;
  if (node->extras)
    for (const auto& [slot, kept] : node->extras->retained)
      if (slot == impl().autograd_slot) return kept;
  return undefined_tensor;
}

void Tensor::set_grad(Tensor grad) {
  Node* node = node_of(*this);
  if (node == nullptr || !node->is_leaf()) throw_no_graph("set_grad");
  if (grad.defined() && (grad.shape() != shape() || grad.dtype() != dtype()))
    raise<ShapeError>("[set_grad] the gradient is {} {}, the tensor {} {}: they must agree.", name(grad.dtype()),
                      grad.shape().str(), name(dtype()), shape().str());
  static_cast<LeafNode*>(node)->grad = std::move(grad);
}

void Tensor::zero_grad() {
  Node* node = node_of(*this);
  if (node != nullptr && node->is_leaf()) static_cast<LeafNode*>(node)->grad = Tensor();
}

void Tensor::retain_grad() {
  Node* node = node_of(*this);
  if (node == nullptr) throw_no_graph("retain_grad");
  if (node->is_leaf()) return;
  auto& retained = node->make_extras().retained;
  for (const auto& [slot, kept] : retained)
    if (slot == impl().autograd_slot) return;
  retained.emplace_back(impl().autograd_slot, Tensor());
}

std::string Tensor::grad_fn_name() const {
  const Node* node = node_of(*this);
  return node == nullptr ? "" : node->name();
}

std::int64_t Tensor::register_hook(std::function<Tensor(const Tensor&)> hook) {
  Node* node = node_of(*this);
  if (node == nullptr) throw_no_graph("register_hook");
  autograd::NodeExtras& extras = node->make_extras();
  extras.hooks.push_back({extras.next_handle, impl().autograd_slot, std::move(hook)});
  return extras.next_handle++;
}

void Tensor::remove_hook(std::int64_t handle) {
  Node* node = node_of(*this);
  if (node == nullptr || !node->extras ||
      std::erase_if(node->extras->hooks, [&](const auto& hook) { return hook.handle == handle; }) == 0)
    raise<ValueError>("[remove_hook] there is no hook with handle {}: use what register_hook returned.", handle);
}

void Tensor::backward(BackwardOptions options) const { autograd::backward({this, 1}, {}, options); }
void Tensor::backward(const Tensor& gradient, BackwardOptions options) const {
  autograd::backward({this, 1}, {&gradient, 1}, options);
}

Tensor Tensor::detach() const { return xg::detach(*this); }
Tensor& Tensor::detach_() {
  if (impl().base() != nullptr && impl().base()->autograd != nullptr)
    throw AutogradError("[detach_] the tensor is a view of one in a graph: use detach().");
  autograd::set_node(impl(), NodeRef(), 0);
  return *this;
}

// ---- memory

Tensor Tensor::to(Dtype dtype) const { return xg::to(*this, dtype); }
Tensor Tensor::contiguous() const { return xg::contiguous(*this); }
Tensor Tensor::clone() const { return xg::clone(*this); }

Tensor& Tensor::copy_(const Tensor& source) {
  return in_place(
      *this, "copy_", &source,
      [&](const Tensor& self) { return xg::to(xg::expand(source, self.shape()), self.dtype()).clone(); },
      [&](Tensor& self) { kernels::copy_into(self, source); });
}
Tensor& Tensor::fill_(Scalar value) {
  return in_place(
      *this, "fill_", nullptr,
      [&](const Tensor& self) { return xg::where(full(self.shape(), true), full_like(self, value), self); },
      [&](Tensor& self) { kernels::fill(self, value, "fill_"); });
}
Tensor& Tensor::zero_() { return fill_(0); }

// ---- views

Tensor Tensor::operator[](std::int64_t index) const { return xg::select(*this, 0, index); }
Tensor Tensor::operator[](const Tensor& index) const { return xg::index(*this, {Index(index)}); }
Tensor Tensor::index(const std::vector<Index>& indices) const { return xg::index(*this, indices); }
Tensor& Tensor::index_put_(const std::vector<Index>& indices, const Tensor& values, bool accumulate) {
  // `values` broadcasts to the indexed part, not to self: it only decides whether to record.
  const Tensor scalar = values.numel() == 0 ? Tensor() : values.reshape({values.numel()}).slice(0, 0, 1).reshape({});
  return in_place(
      *this, "index_put_", scalar.defined() ? &scalar : nullptr,
      [&](const Tensor& self) { return xg::index_put(self, indices, values, accumulate); },
      [&](Tensor& self) { autograd::put_into(self, indices, values, accumulate); });
}
Tensor& Tensor::index_put_(const std::vector<Index>& indices, Scalar value, bool accumulate) {
  return index_put_(indices, full({}, value, {.dtype = dtype()}), accumulate);
}
Tensor Tensor::slice(std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step) const {
  return xg::slice(*this, dim, start, stop, step);
}
Tensor Tensor::select(std::int64_t dim, std::int64_t index) const { return xg::select(*this, dim, index); }
Tensor Tensor::narrow(std::int64_t dim, std::int64_t start, std::int64_t length) const {
  return xg::narrow(*this, dim, start, length);
}
Tensor Tensor::reshape(const Shape& shape) const { return xg::reshape(*this, shape); }
Tensor Tensor::view(const Shape& shape) const { return xg::view(*this, shape); }
Tensor Tensor::flatten(std::int64_t start_dim, std::int64_t end_dim) const {
  return xg::flatten(*this, start_dim, end_dim);
}
Tensor Tensor::unflatten(std::int64_t dim, const Shape& sizes) const { return xg::unflatten(*this, dim, sizes); }
Tensor Tensor::transpose(std::int64_t dim0, std::int64_t dim1) const { return xg::transpose(*this, dim0, dim1); }
Tensor Tensor::permute(const Dims& dims) const { return xg::permute(*this, dims); }
Tensor Tensor::t() const { return xg::t(*this); }
Tensor Tensor::mT() const {
  if (dim() < 2) raise<ShapeError>("[mT] shape is {}, it must have at least two dimensions.", shape().str());
  return xg::transpose(*this, -2, -1);
}
Tensor Tensor::squeeze() const { return xg::squeeze(*this); }
Tensor Tensor::squeeze(const Dims& dims) const { return xg::squeeze(*this, dims); }
Tensor Tensor::unsqueeze(std::int64_t dim) const { return xg::unsqueeze(*this, dim); }
Tensor Tensor::expand(const Shape& shape) const { return xg::expand(*this, shape); }
Tensor Tensor::expand_as(const Tensor& other) const { return xg::expand(*this, other.shape()); }
Tensor Tensor::repeat(const Shape& repeats) const { return xg::repeat(*this, repeats); }
Tensor Tensor::diagonal(std::int64_t offset, std::int64_t dim1, std::int64_t dim2) const {
  return xg::diagonal(*this, offset, dim1, dim2);
}
std::vector<Tensor> Tensor::split(std::int64_t size, std::int64_t dim) const { return xg::split(*this, size, dim); }
std::vector<Tensor> Tensor::chunk(std::int64_t chunks, std::int64_t dim) const { return xg::chunk(*this, chunks, dim); }
std::vector<Tensor> Tensor::unbind(std::int64_t dim) const { return xg::unbind(*this, dim); }

// ---- gathering

Tensor Tensor::index_select(std::int64_t dim, const Tensor& index) const { return xg::index_select(*this, dim, index); }
Tensor Tensor::gather(std::int64_t dim, const Tensor& index) const { return xg::gather(*this, dim, index); }
Tensor Tensor::masked_fill(const Tensor& mask, Scalar value) const { return xg::masked_fill(*this, mask, value); }
Tensor Tensor::masked_select(const Tensor& mask) const { return xg::masked_select(*this, mask); }
Tensor Tensor::masked_scatter(const Tensor& mask, const Tensor& source) const {
  return xg::masked_scatter(*this, mask, source);
}
Tensor Tensor::scatter_reduce(std::int64_t dim, const Tensor& index, const Tensor& source, StringRef reduce,
                              bool include_self) const {
  return xg::scatter_reduce(*this, dim, index, source, reduce, include_self);
}
Tensor Tensor::index_reduce(std::int64_t dim, const Tensor& index, const Tensor& source, StringRef reduce,
                            bool include_self) const {
  return xg::index_reduce(*this, dim, index, source, reduce, include_self);
}
Tensor Tensor::select_scatter(const Tensor& source, std::int64_t dim, std::int64_t index) const {
  return xg::select_scatter(*this, source, dim, index);
}
Tensor Tensor::slice_scatter(const Tensor& source, std::int64_t dim, std::optional<std::int64_t> start,
                             std::optional<std::int64_t> end, std::int64_t step) const {
  return xg::slice_scatter(*this, source, dim, start, end, step);
}
Tensor Tensor::diagonal_scatter(const Tensor& source, std::int64_t offset, std::int64_t dim1, std::int64_t dim2) const {
  return xg::diagonal_scatter(*this, source, offset, dim1, dim2);
}
Tensor Tensor::argwhere() const { return xg::argwhere(*this); }
Tensor Tensor::unfold(std::int64_t dim, std::int64_t size, std::int64_t step) const {
  return xg::unfold(*this, dim, size, step);
}
Tensor Tensor::rot90(std::int64_t k, const Dims& dims) const { return xg::rot90(*this, k, dims); }
Tensor& Tensor::masked_fill_(const Tensor& mask, Scalar value) {
  return in_place(
      *this, "masked_fill_", &mask, [&](const Tensor& self) { return xg::masked_fill(self, mask, value); },
      [&](Tensor& self) { kernels::copy_into(self, xg::masked_fill(self, mask, value)); });
}

// ---- elementwise

Tensor Tensor::abs() const { return xg::abs(*this); }
Tensor Tensor::neg() const { return xg::neg(*this); }
Tensor Tensor::exp() const { return xg::exp(*this); }
Tensor Tensor::expm1() const { return xg::expm1(*this); }
Tensor Tensor::log() const { return xg::log(*this); }
Tensor Tensor::log1p() const { return xg::log1p(*this); }
Tensor Tensor::sqrt() const { return xg::sqrt(*this); }
Tensor Tensor::rsqrt() const { return xg::rsqrt(*this); }
Tensor Tensor::square() const { return xg::square(*this); }
Tensor Tensor::sin() const { return xg::sin(*this); }
Tensor Tensor::cos() const { return xg::cos(*this); }
Tensor Tensor::tanh() const { return xg::tanh(*this); }
Tensor Tensor::sigmoid() const { return xg::sigmoid(*this); }
Tensor Tensor::relu() const { return xg::relu(*this); }
Tensor Tensor::sign() const { return xg::sign(*this); }
Tensor Tensor::floor() const { return xg::floor(*this); }
Tensor Tensor::ceil() const { return xg::ceil(*this); }
Tensor Tensor::trunc() const { return xg::trunc(*this); }
Tensor Tensor::round(std::int64_t decimals) const { return xg::round(*this, decimals); }
Tensor Tensor::reciprocal() const { return xg::reciprocal(*this); }
Tensor Tensor::pow(const Tensor& exponent) const { return xg::pow(*this, exponent); }
Tensor Tensor::pow(Scalar exponent) const { return xg::pow(*this, exponent); }
Tensor Tensor::clamp(std::optional<Scalar> min, std::optional<Scalar> max) const { return xg::clamp(*this, min, max); }
Tensor Tensor::add(const Tensor& other) const { return xg::add(*this, other); }
Tensor Tensor::sub(const Tensor& other) const { return xg::sub(*this, other); }
Tensor Tensor::mul(const Tensor& other) const { return xg::mul(*this, other); }
Tensor Tensor::div(const Tensor& other) const { return xg::div(*this, other); }
Tensor Tensor::add(Scalar other) const { return xg::add(*this, other); }
Tensor Tensor::sub(Scalar other) const { return xg::sub(*this, other); }
Tensor Tensor::mul(Scalar other) const { return xg::mul(*this, other); }
Tensor Tensor::div(Scalar other) const { return xg::div(*this, other); }
Tensor Tensor::isnan() const { return xg::isnan(*this); }
Tensor Tensor::isinf() const { return xg::isinf(*this); }
Tensor Tensor::isfinite() const { return xg::isfinite(*this); }

// ---- in place

Tensor& Tensor::div_(Scalar other) {
  if (!is_floating(dtype())) return div_(full({}, other));
  return div_(full({}, other, {.dtype = dtype()}));
}
Tensor& Tensor::clamp_(std::optional<Scalar> min, std::optional<Scalar> max) {
  return in_place(
      *this, "clamp_", nullptr, [&](const Tensor& x) { return xg::clamp(x, min, max); },
      [&](Tensor& x) { kernels::copy_into(x, xg::clamp(x, min, max)); });
}

// ---- reductions

Tensor Tensor::sum(const Dims& dims, bool keepdim) const { return xg::sum(*this, dims, keepdim); }
Tensor Tensor::mean(const Dims& dims, bool keepdim) const { return xg::mean(*this, dims, keepdim); }
Tensor Tensor::prod() const { return xg::prod(*this); }
Tensor Tensor::prod(std::int64_t dim, bool keepdim) const { return xg::prod(*this, dim, keepdim); }
Tensor Tensor::var(const Dims& dims, double correction, bool keepdim) const {
  return xg::var(*this, dims, correction, keepdim);
}
Tensor Tensor::std(const Dims& dims, double correction, bool keepdim) const {
  return xg::std(*this, dims, correction, keepdim);
}
Tensor Tensor::max() const { return xg::max(*this); }
Tensor Tensor::min() const { return xg::min(*this); }
std::pair<Tensor, Tensor> Tensor::max(std::int64_t dim, bool keepdim) const { return xg::max(*this, dim, keepdim); }
std::pair<Tensor, Tensor> Tensor::min(std::int64_t dim, bool keepdim) const { return xg::min(*this, dim, keepdim); }
Tensor Tensor::amax(const Dims& dims, bool keepdim) const { return xg::amax(*this, dims, keepdim); }
Tensor Tensor::amin(const Dims& dims, bool keepdim) const { return xg::amin(*this, dims, keepdim); }
Tensor Tensor::argmax(std::optional<std::int64_t> dim, bool keepdim) const { return xg::argmax(*this, dim, keepdim); }
Tensor Tensor::argmin(std::optional<std::int64_t> dim, bool keepdim) const { return xg::argmin(*this, dim, keepdim); }
std::pair<Tensor, Tensor> Tensor::aminmax(std::optional<std::int64_t> dim, bool keepdim) const {
  return xg::aminmax(*this, dim, keepdim);
}
Tensor Tensor::all(const Dims& dims, bool keepdim) const { return xg::all(*this, dims, keepdim); }
Tensor Tensor::any(const Dims& dims, bool keepdim) const { return xg::any(*this, dims, keepdim); }
Tensor Tensor::count_nonzero(const Dims& dims) const { return xg::count_nonzero(*this, dims); }
Tensor Tensor::norm(double p, const Dims& dims, bool keepdim) const { return xg::norm(*this, p, dims, keepdim); }
Tensor Tensor::dist(const Tensor& other, double p) const { return xg::dist(*this, other, p); }
Tensor Tensor::trace() const { return xg::trace(*this); }
Tensor Tensor::cumsum(std::int64_t dim) const { return xg::cumsum(*this, dim); }
Tensor Tensor::cumprod(std::int64_t dim) const { return xg::cumprod(*this, dim); }
Tensor Tensor::logsumexp(const Dims& dims, bool keepdim) const { return xg::logsumexp(*this, dims, keepdim); }
Tensor Tensor::softmax(std::int64_t dim) const { return xg::softmax(*this, dim); }
Tensor Tensor::log_softmax(std::int64_t dim) const { return xg::log_softmax(*this, dim); }
std::pair<Tensor, Tensor> Tensor::sort(std::int64_t dim, bool descending) const {
  return xg::sort(*this, dim, descending);
}
Tensor Tensor::argsort(std::int64_t dim, bool descending) const { return xg::argsort(*this, dim, descending); }
std::pair<Tensor, Tensor> Tensor::topk(std::int64_t k, std::int64_t dim, bool largest) const {
  return xg::topk(*this, k, dim, largest);
}
Tensor Tensor::msort() const { return xg::msort(*this); }
std::pair<Tensor, Tensor> Tensor::kthvalue(std::int64_t k, std::int64_t dim, bool keepdim) const {
  return xg::kthvalue(*this, k, dim, keepdim);
}
std::pair<Tensor, Tensor> Tensor::mode(std::int64_t dim, bool keepdim) const { return xg::mode(*this, dim, keepdim); }
Tensor Tensor::median() const { return xg::median(*this); }
std::pair<Tensor, Tensor> Tensor::median(std::int64_t dim, bool keepdim) const {
  return xg::median(*this, dim, keepdim);
}
Tensor Tensor::nanmedian() const { return xg::nanmedian(*this); }
std::pair<Tensor, Tensor> Tensor::nanmedian(std::int64_t dim, bool keepdim) const {
  return xg::nanmedian(*this, dim, keepdim);
}
Tensor Tensor::quantile(double q, std::optional<std::int64_t> dim, bool keepdim) const {
  return xg::quantile(*this, q, dim, keepdim);
}
Tensor Tensor::quantile(const Tensor& q, std::optional<std::int64_t> dim, bool keepdim) const {
  return xg::quantile(*this, q, dim, keepdim);
}
Tensor Tensor::nanquantile(double q, std::optional<std::int64_t> dim, bool keepdim) const {
  return xg::nanquantile(*this, q, dim, keepdim);
}
Tensor Tensor::nanquantile(const Tensor& q, std::optional<std::int64_t> dim, bool keepdim) const {
  return xg::nanquantile(*this, q, dim, keepdim);
}
Tensor Tensor::nansum(const Dims& dims, bool keepdim) const { return xg::nansum(*this, dims, keepdim); }
Tensor Tensor::nanmean(const Dims& dims, bool keepdim) const { return xg::nanmean(*this, dims, keepdim); }
std::pair<Tensor, Tensor> Tensor::cummax(std::int64_t dim) const { return xg::cummax(*this, dim); }
std::pair<Tensor, Tensor> Tensor::cummin(std::int64_t dim) const { return xg::cummin(*this, dim); }
Tensor Tensor::cov(std::int64_t correction) const { return xg::cov(*this, correction); }
Tensor Tensor::cov(std::int64_t correction, const Tensor& fweights, const Tensor& aweights) const {
  return xg::cov(*this, correction, fweights, aweights);
}
Tensor Tensor::corrcoef() const { return xg::corrcoef(*this); }
Tensor Tensor::bincount() const { return xg::bincount(*this); }
Tensor Tensor::bincount(const Tensor& weights, std::int64_t minlength) const {
  return xg::bincount(*this, weights, minlength);
}
Tensor Tensor::histc(std::int64_t bins, Scalar min, Scalar max) const { return xg::histc(*this, bins, min, max); }
Tensor Tensor::renorm(double p, std::int64_t dim, double maxnorm) const { return xg::renorm(*this, p, dim, maxnorm); }

// ---- products

Tensor Tensor::matmul(const Tensor& other) const { return xg::matmul(*this, other); }
Tensor Tensor::mm(const Tensor& other) const { return xg::mm(*this, other); }
Tensor Tensor::dot(const Tensor& other) const { return xg::dot(*this, other); }

}  // namespace xg
