// Tensors that stand for others: wherever an op, a Function or an in-place write of this thread meets one of the
// originals, or a view of it, it takes the given tensor instead, and so does a read on the host. The originals never
// change. nn::functional_call makes a module a function of its parameters with it.
#pragma once

#include <xgrad/autograd/state.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace xg::autograd {

/// Guard during which given tensors stand for others in the calling thread. Scopes nest: the innermost that knows a
/// tensor decides.
class XG_API Substitution {
 public:
  /// `given[i]` stands for `originals[i]` and has its shape and dtype, which is not checked. What `given` means by the
  /// substitutions that are in force already is looked up now.
  Substitution(std::span<const Tensor> originals, std::span<const Tensor> given);
  ~Substitution();  ///< the previous substitution is in force again
  Substitution(const Substitution&) = delete;
  Substitution& operator=(const Substitution&) = delete;

  /// The tensors that stand for others, each kept alive, for another thread or a later time.
  struct Table {
    std::unordered_map<const xg::detail::TensorImpl*, Tensor> given;  ///< by original
    std::vector<Tensor> originals;                                    ///< keeps the keys alive
    std::shared_ptr<const Table> outer;                               ///< asked for what this one does not know
  };
  /// The table in force; null where there is none.
  static std::shared_ptr<const Table> current();
  /// Puts a table in force that current() returned; null ends all substitution.
  explicit Substitution(std::shared_ptr<const Table> table);

 private:
  friend Tensor substitute_of(const Tensor& x);
  std::shared_ptr<const Table> table_;
  const Substitution* previous_;
};

/// What stands for x: undefined where x stands for itself.
XG_API Tensor substitute_of(const Tensor& x);
/// What stands for x, or x itself.
inline Tensor substituted(const Tensor& x) {
  if (!state().has(mode_substitution)) return x;
  Tensor given = substitute_of(x);
  return given.defined() ? given : x;
}

}  // namespace xg::autograd
