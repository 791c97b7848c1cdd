// The only source that includes xtensor-blas: its headers take seconds and clash with <cblas.h>.
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/lapack.hpp>

#include <xtensor-blas/xlinalg.hpp>

#include <algorithm>

namespace xg::kernels::lapack {
namespace {

/// Calls routine(work, size) twice: for the size of the work space that it wants, and with as much.
template <class Routine> Int with_work(Routine&& routine) {
  double wanted = 0;
  if (const Int info = routine(&wanted, Int{-1}); info != 0) return info;
  const Int size = std::max(static_cast<Int>(wanted), Int{1});
  const Tensor work = empty({size}, Dtype::float64);
  return routine(static_cast<double*>(work.impl().data), size);
}

Int* integers(const Tensor& x) { return static_cast<Int*>(x.impl().data); }

}  // namespace

Int potrf(char uplo, Int n, double* a) { return cxxlapack::potrf<Int>(uplo, n, a, n); }

Int getrf(Int n, double* a, Int* pivots) { return cxxlapack::getrf<Int>(n, n, a, n, pivots); }

Int getrs(char trans, Int n, Int columns, const double* lu, const Int* pivots, double* b) {
  return cxxlapack::getrs<Int>(trans, n, columns, lu, n, pivots, b, n);
}

Int geqrf(Int m, Int n, double* a, double* tau) {
  return with_work([&](double* work, Int size) { return cxxlapack::geqrf<Int>(m, n, a, m, tau, work, size); });
}

Int orgqr(Int m, Int columns, Int n, double* a, const double* tau) {
  return with_work([&](double* work, Int size) { return cxxlapack::orgqr<Int>(m, columns, n, a, m, tau, work, size); });
}

Int syevd(bool vectors, char uplo, Int n, double* a, double* w) {
  const char job = vectors ? 'V' : 'N';
  Int wanted = 0;
  return with_work([&](double* work, Int size) {
    if (size < 0) return cxxlapack::syevd<Int>(job, uplo, n, a, n, w, work, size, &wanted, Int{-1});
    const Tensor more = empty({std::max(wanted, Int{1})}, Dtype::int32);
    return cxxlapack::syevd<Int>(job, uplo, n, a, n, w, work, size, integers(more), std::max(wanted, Int{1}));
  });
}

Int gesdd(char job, Int m, Int n, double* a, double* s, double* u, double* vt) {
  const Int rank = std::min(m, n), vt_rows = job == 'S' ? rank : n;
  const Tensor more = empty({8 * rank}, Dtype::int32);
  return with_work([&](double* work, Int size) {
    return cxxlapack::gesdd<Int>(job, m, n, a, m, s, u, m, vt, vt_rows, work, size, integers(more));
  });
}

Int gels(Int m, Int n, Int columns, double* a, double* b) {
  return with_work([&](double* work, Int size) {
    return cxxlapack::gels<Int>('N', m, n, columns, a, m, b, std::max(m, n), work, size);
  });
}

Int gelsy(Int m, Int n, Int columns, double* a, double* b, double rcond, Int& rank) {
  Tensor free_columns = empty({n}, Dtype::int32);
  fill(free_columns, 0);
  return with_work([&](double* work, Int size) {
    cxxlapack::gelsy<Int>(m, n, columns, a, m, b, std::max(m, n), integers(free_columns), rcond, rank, work, size);
    return Int{0};
  });
}

Int gelsd(Int m, Int n, Int columns, double* a, double* b, double* s, double rcond, Int& rank) {
  Int wanted = 0;
  return with_work([&](double* work, Int size) {
    const auto solve = [&](Int* more) {
      return cxxlapack::gelsd<Int>(m, n, columns, a, m, b, std::max(m, n), s, rcond, rank, work, size, more);
    };
    if (size < 0) return solve(&wanted);
    const Tensor more = empty({std::max(wanted, Int{1})}, Dtype::int32);
    return solve(integers(more));
  });
}

}  // namespace xg::kernels::lapack
