// A level of forward mode: it follows the ops and carries directional derivatives of every result along with it.
#pragma once

#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/observer.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace xg::autograd::detail {

/// The derivatives of one tensor y at a level, each of y's shape and dtype; an undefined one is 0.
struct Duals {
  std::vector<Tensor> tangents;  ///< D y [v_d] for each direction v_d
  Tensor laplacian;              ///< sum of D^2 y [v_d, v_d] over the level's `curved` directions
  /// Where a level has `curved` directions: all tangents and the Laplacian in one tensor [D + 1, shape...], in place of
  /// them.
  Tensor streams = {};
  mutable std::shared_ptr<const Duals> next = {};  ///< of a tensor that has ended: what another level knew of it
};

// Note [Levels of forward mode]
// Levels are observers and nest: the tangents of an inner level are computed by ops that the outer levels see, so that
// an outer level's tangents of an inner tangent are second derivatives. Each op gives its tangents by what it is anyway
// (JvpRule): a linear op applies itself, a bilinear one follows the product rule, an elementwise one multiplies
// with its slope, any other differentiates its vector-Jacobian product, which is linear, once more.
//
// A sweep inside a level must not compute by kernels that no observer sees: State::derives_by_ops.

/// One level of forward mode, with several directions at once. A result is known as long as it lives.
class ForwardLevel final : public Observer {
 public:
  struct Options {
    std::size_t directions = 1;     ///< the number of tangents
    std::vector<bool> curved = {};  ///< the directions of the Laplacian; none if empty
    std::int64_t rows = -1;         ///< if not negative: the results must keep the rows of dimension 0 apart
    const char* op = "jvp";         ///< named in errors
  };
  explicit ForwardLevel(Options options);
  ~ForwardLevel() override;

  /// Gives a tensor its derivatives.
  void set(const Tensor& x, Duals duals);
  /// Those of x, zeros where it does not depend on what was set.
  Duals of(const Tensor& x);
  /// A tensor ends: returns what was known of it, to be dropped when no lock is held, since it may hold the last
  /// handles on tensors that are known themselves.
  std::shared_ptr<const Duals> forget(const xg::detail::TensorImpl* impl) noexcept;

  void observe(const std::shared_ptr<const AppliedOp>& op, std::span<const Tensor* const> inputs,
               std::span<const Tensor> results) override;
  void before_write(const Tensor& tensor, const Tensor& before, const char* op) override;
  void after_write(const Tensor& tensor, const Tensor& result) override;

 private:
  using Known = std::shared_ptr<const Duals>;  // null: x does not depend on what was set
  Known find(const Tensor& x);
  void keep(const Tensor& x, Known duals);
  Duals part_of(const Duals& base_duals, const xg::detail::TensorImpl& view) const;
  Duals pushed(const AppliedOp& op, const AppliedOp::Slopes& slopes, const Tensor& x, const Tensor& y,
               const Duals& known) const;
  Tensor streams_of(const Duals& known, const Tensor& x) const;
  Tensor pushed_streams(const AppliedOp& op, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                        std::span<const Known> known) const;
  std::vector<Duals> derived(const AppliedOp& op, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                             std::span<const Known> known) const;
  void check_rows(const AppliedOp& op, std::span<const Tensor> inputs, std::span<const Known> known,
                  std::span<const Tensor> results) const;

  Options options_;
  std::mutex mutex_;  // another thread may drop the last handle on a tensor
  std::unordered_map<const xg::detail::TensorImpl*, Known> by_record_;
  // A tensor that a node saved of its own results comes back in another record, with the node as its graph.
  std::unordered_map<const Node*, std::vector<std::pair<std::uint8_t, Known>>> by_node_;
  std::vector<NodeRef> nodes_;  // keeps the keys of by_node_ alive
};

/// D^2 f [t, t] for each result of an op, t being tangents of its inputs and `out` those of its results.
std::vector<Tensor> second_tangents(const AppliedOp& op, std::span<const Tensor> inputs,
                                    std::span<const Tensor> outputs, std::span<const Tensor> tangents,
                                    std::span<const Tensor> out);

}  // namespace xg::autograd::detail
