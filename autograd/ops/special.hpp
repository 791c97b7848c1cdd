// Special functions: the gamma function and its relatives, the normal distribution, Bessel functions.
//
// As in unary.hpp: the result has the shape of x, two tensors broadcast, integers and bools become default_dtype(), no
// value throws. Functions that PyTorch has at the top level are in xg, those of torch.special in xg::special, which has
// other families' functions under its names too.
#pragma once

#include <xgrad/autograd/ops/activations.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/autograd/ops/unary.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>

namespace xg {

/// log |Gamma(x)|, infinite at 0, -1, -2, ...; derivative digamma(x).
XG_API Tensor lgamma(const Tensor& x);
/// The derivative of lgamma: infinite at 0 with the sign of -x, NaN at negative integers.
XG_API Tensor digamma(const Tensor& x);
/// The derivative of digamma of order n: digamma itself for n = 0, trigamma for n = 1; derivative polygamma(n + 1, x).
/// Throws ValueError for a negative n.
XG_API Tensor polygamma(std::int64_t n, const Tensor& x);
/// The logarithm of the multivariate gamma function, p (p - 1) / 4 log(pi) + sum lgamma(x - j / 2) over j = 0, ...,
/// p - 1, for x > (p - 1) / 2. Throws ValueError unless p is positive.
XG_API Tensor mvlgamma(const Tensor& x, std::int64_t p);
/// The number whose error function is x, infinite at -1 and 1, NaN beyond; derivative sqrt(pi) / 2 e^(y^2) of y =
/// erfinv(x).
XG_API Tensor erfinv(const Tensor& x);
/// The modified Bessel function of the first kind of order 0; derivative special::i1(x).
XG_API Tensor i0(const Tensor& x);

/// The functions of torch.special.
namespace special {

/// e^(x^2) erfc(x): erfc without its underflow for large x.
XG_API Tensor erfcx(const Tensor& x);
/// The distribution function of the standard normal distribution, erfc(-x / sqrt(2)) / 2.
XG_API Tensor ndtr(const Tensor& x);
/// log(ndtr(x)), accurate where that is close to 0 or to 1.
XG_API Tensor log_ndtr(const Tensor& x);
/// The quantile function of the standard normal distribution, the inverse of ndtr: infinite at 0 and 1, NaN beyond.
XG_API Tensor ndtri(const Tensor& p);

/// -x log(x), 0 at 0 and -infinity below; derivative -1 - log(x).
XG_API Tensor entr(const Tensor& x);
/// x log(1 + y), 0 where x is 0 unless y is NaN. The derivatives are log(1 + y) and x / (1 + y), 0 where x is 0 and y
/// is not above -1.
XG_API Tensor xlog1py(const Tensor& x, const Tensor& y);

/// e^-|x| i0(x)
XG_API Tensor i0e(const Tensor& x);
/// The modified Bessel function of the first kind of order 1.
XG_API Tensor i1(const Tensor& x);
/// e^-|x| i1(x)
XG_API Tensor i1e(const Tensor& x);

/// The regularized lower incomplete gamma function, the integral of t^(a - 1) e^-t from 0 to x over Gamma(a), for a and
/// x of at least 0, else NaN. The derivative in x is x^(a - 1) e^-x / Gamma(a); that in a is not there: backward throws
/// AutogradError where a requires a gradient.
XG_API Tensor gammainc(const Tensor& a, const Tensor& x);
/// 1 - gammainc(a, x), accurate where that is close to 1. Throws as gammainc.
XG_API Tensor gammaincc(const Tensor& a, const Tensor& x);
/// Hurwitz's zeta function, the sum of (q + k)^-x over k = 0, 1, ...: infinite for x = 1 and at q = 0, -1, ..., NaN for
/// x < 1 and for negative q with x not an integer. The derivative in q is -x zeta(x + 1, q); that in x is not there:
/// backward throws AutogradError where x requires a gradient.
XG_API Tensor zeta(const Tensor& x, const Tensor& q);
/// log |B(a, b)| = lgamma(a) + lgamma(b) - lgamma(a + b); SciPy's betaln. It cancels where one argument is much larger
/// than the other.
XG_API Tensor betaln(const Tensor& a, const Tensor& b);
/// Euler's beta function of positive arguments, e^betaln(a, b); SciPy's beta.
XG_API Tensor beta(const Tensor& a, const Tensor& b);

/// 1 / (1 + e^-x): sigmoid.
inline Tensor expit(const Tensor& x) { return sigmoid(x); }
/// xg::lgamma
inline Tensor gammaln(const Tensor& x) { return lgamma(x); }
/// xg::mvlgamma
inline Tensor multigammaln(const Tensor& x, std::int64_t p) { return mvlgamma(x, p); }
/// xg::digamma
inline Tensor psi(const Tensor& x) { return digamma(x); }

using xg::digamma, xg::erf, xg::erfc, xg::erfinv, xg::exp2, xg::expm1, xg::i0, xg::log1p, xg::log_softmax, xg::logit,
    xg::logsumexp, xg::polygamma, xg::round, xg::sinc, xg::softmax, xg::xlogy;

}  // namespace special

}  // namespace xg
