#!/usr/bin/env python3
"""Values of elementwise functions, computed with 60 digits, of which 25 are written.

    special.py tests/data/accuracy/elementwise.csv            # writes the file
    special.py --check tests/data/accuracy/elementwise.csv    # compares it with values made anew

A row is a function, its one or two arguments, and its value. Arguments are exact float64 numbers, and three quarters of
them are float32 numbers too. The points are drawn with a fixed seed: over all exponents, over the interval in which a
function does something, and where it is hard to compute.
"""

import math
import random
import struct
import sys

from mpmath import mp, mpf

mp.dps = 60


def to32(x):
    """The nearest float32 number, or x where that is 0 or infinite."""
    try:
        y = struct.unpack("f", struct.pack("f", x))[0]
        return y if math.isfinite(y) and y != 0 else x
    except OverflowError:
        return x


def near(points, distances=(1e-3, 1e-6, 1e-9)):
    """Points and their neighbours, by relative distances."""
    return [p + s * d * max(abs(p), 1e-2) for p in points for d in (0.0,) + tuple(distances) for s in (-1, 1)]


def span(low, high, signs=(1,)):
    """Numbers whose exponents are spread evenly between 2^low and 2^high, half of them in the range of float32."""
    def draw(r):
        low32, high32 = max(low, -149), min(high, 127)
        ends = (low32, high32) if low32 < high32 and r.random() < 0.5 else (low, high)
        return r.choice(signs) * 2.0 ** r.uniform(*ends)
    return draw


def between(low, high):
    return lambda r: r.uniform(low, high)


def inverse(f, derivative, start, want, digits=60):
    """The solution of f(y) = want by Newton's steps."""
    y = mpf(start)
    for _ in range(200):
        step = (f(y) - want) / derivative(y)
        y -= step
        if abs(step) <= abs(y) * mpf(10) ** (-digits + 5):
            break
    return y


def erfcx(x):
    if x > 100:  # mp.erfc loses nothing, but takes long for huge x
        r, term, total = 1 / (2 * x * x), mpf(1), mpf(1)
        for k in range(1, 60):
            term *= -(2 * k - 1) * r
            total += term
        return total / (x * mp.sqrt(mp.pi))
    return mp.exp(x * x) * mp.erfc(x)


def ndtr(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def log_ndtr(x):
    if x < -10:
        return mp.log(erfcx(-x / mp.sqrt(2)) / 2) - x * x / 2
    return mp.log1p(-mp.erfc(x / mp.sqrt(2)) / 2)


def ndtri(p):
    if p > mpf("0.25"):
        return mp.sqrt(2) * mp.erfinv(2 * p - 1)
    start = -mp.sqrt(2) * mp.sqrt(-mp.log(p))
    slope = lambda y: mp.exp(-y * y / 2 - log_ndtr(y)) / mp.sqrt(2 * mp.pi)
    return inverse(log_ndtr, slope, start, mp.log(p))


def erfinv(x):
    if abs(x) < mpf("0.75"):
        return mp.erfinv(x)
    y = -ndtri((1 - abs(x)) / 2) / mp.sqrt(2)
    return y if x > 0 else -y


def lgamma(x):
    return mp.re(mp.loggamma(x))


def polygamma(n):
    return lambda x: mp.psi(n, x)


def incomplete(upper):
    def value(a, x):
        small = mp.gammainc(a, 0, x, regularized=True)
        return 1 - small if upper and small < mpf("0.9") else (
            mp.gammainc(a, x, mp.inf, regularized=True) if upper else small)
    return value


def scaled_bessel(n):
    return lambda x: mp.exp(-abs(x)) * bessel(n)(x)


def bessel(n):
    def value(x):
        if abs(x) > 1e4:  # Hankel's series
            total = term = mpf(1)
            for k in range(1, 12):
                term *= ((2 * k - 1) ** 2 - 4 * n * n) / (8 * k * abs(x))
                total += term
            total *= mp.exp(abs(x)) / mp.sqrt(2 * mp.pi * abs(x))
            return -total if n == 1 and x < 0 else total
        return mp.besseli(n, x)
    return value


def softplus(x):
    return mp.log1p(mp.exp(x))


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


both, wide = (-1, 1), span(-1074, 1023, (-1, 1))
root_lgamma = [-2.4570247382208006, -2.7476826467274127, -3.143580888349980, -3.955294284858598, -4.039361839740537]
root_digamma = [1.4616321449683623, -0.5040830082644554, -1.5734984731623905, -2.6107208684441446]

# name: (function, how points are drawn, points that are given)
UNARY = {
    "lgamma": (lgamma, [span(-1074, 1000), between(0, 4), between(-20, 0), span(-40, 20, (-1,)), between(4, 200)],
               near([1, 2] + root_lgamma)),
    "digamma": (lambda x: mp.psi(0, x),
                [span(-1074, 1023), between(0, 4), between(-20, 0), span(-40, 20, (-1,)), between(4, 200)],
                near([1, 2] + root_digamma)),
    "trigamma": (polygamma(1), [span(-500, 500), between(0, 20), between(-20, 0), between(4, 200)], near([1, 2])),
    "polygamma 2": (polygamma(2), [span(-300, 300), between(0, 20), between(-20, 0)], near([-0.5, -1.5])),
    "polygamma 5": (polygamma(5), [span(-150, 150), between(0, 20), between(-20, 0)], []),
    "polygamma 30": (polygamma(30), [span(-5, 12), between(0.5, 60)], []),
    "erfinv": (erfinv, [span(-1074, 0, both), between(-1, 1), lambda r: 1 - 2.0 ** r.uniform(-53, -1)], [1 - 2.0**-53]),
    "erfcx": (erfcx, [wide, between(-26, 0), between(0, 15), span(-5, 12)], [-26.6, 26, 10, 100]),
    "ndtr": (ndtr, [span(-1074, 3, both), between(-38, 9), between(-4, 4)], [-38.4, -37.5, -13, -14]),
    "log_ndtr": (log_ndtr, [span(-1074, 510, (-1,)), between(-38, 38), between(-4, 4), span(-20, 5)], [-1, 38, -14]),
    "ndtri": (ndtri, [span(-1074, 0), between(0, 1), lambda r: 1 - 2.0 ** r.uniform(-53, -1)], [5e-324, 1e-308]),
    "entr": (lambda x: -x * mp.log(x), [span(-1074, 1000), between(0, 4)], near([1])),
    "i0": (bessel(0), [span(-1074, 9.47, both), between(-30, 30), between(4, 22), between(690, 713)], [91.5, 5, 20]),
    "i0e": (scaled_bessel(0), [wide, between(-30, 30), between(4, 22)], [5, 20]),
    "i1": (bessel(1), [span(-1074, 9.47, both), between(-30, 30), between(4, 22), between(690, 713)], [91.5, 5, 20]),
    "i1e": (scaled_bessel(1), [wide, between(-30, 30), between(4, 22)], [5, 20]),
    # ---- the functions of unary.hpp and activations.hpp
    "exp": (mp.exp, [span(-1074, 10, both), between(-745, 709), between(-100, 88)], []),
    "exp2": (lambda x: mpf(2) ** x, [span(-1074, 10, both), between(-1074, 1023), between(-149, 127)], []),
    "expm1": (mp.expm1, [span(-1074, 10, both), between(-40, 88)], []),
    "log": (mp.log, [span(-1074, 1023), between(0, 4)], near([1])),
    "log2": (lambda x: mp.log(x, 2), [span(-1074, 1023), between(0, 4)], near([1])),
    "log10": (mp.log10, [span(-1074, 1023), between(0, 4)], near([1])),
    "log1p": (mp.log1p, [span(-1074, 1023), between(-1, 4), span(-1074, 0, (-1,))], [2.0**-53 - 1]),
    "sqrt": (mp.sqrt, [span(-1074, 1023)], []),
    "rsqrt": (lambda x: 1 / mp.sqrt(x), [span(-1074, 1023)], []),
    "reciprocal": (lambda x: 1 / x, [wide], []),
    "sin": (mp.sin, [span(-1074, 1023, both), between(-20, 20)], near([math.pi, 11 * math.pi, 1e5 * math.pi])),
    "cos": (mp.cos, [span(-1074, 1023, both), between(-20, 20)], near([math.pi / 2, 11.5 * math.pi])),
    "tan": (mp.tan, [span(-1074, 1023, both), between(-20, 20)], near([math.pi / 2, math.pi, 11.5 * math.pi])),
    "asin": (mp.asin, [span(-1074, 0, both), between(-1, 1)], near([1 - 1e-3], [1e-4])),
    "acos": (mp.acos, [span(-1074, 0, both), between(-1, 1)], near([1 - 1e-3], [1e-4])),
    "atan": (mp.atan, [wide, between(-3, 3)], []),
    "sinh": (mp.sinh, [span(-1074, 9, both), between(-20, 20)], []),
    "cosh": (mp.cosh, [span(-1074, 9, both), between(-20, 20)], []),
    "tanh": (mp.tanh, [span(-1074, 9, both), between(-20, 20), between(-1, 1)], []),
    "asinh": (mp.asinh, [wide, between(-3, 3)], []),
    "acosh": (mp.acosh, [span(0, 1023), between(1, 4)], near([1.001], [1e-4])),
    "atanh": (mp.atanh, [span(-1074, 0, both), between(-1, 1)], [1 - 2.0**-53]),
    "sinc": (mp.sincpi, [span(-1074, 30, both), between(-20, 20)], near([3.5, 7.25])),
    "erf": (mp.erf, [span(-1074, 3, both), between(-6, 6)], []),
    "erfc": (mp.erfc, [span(-1074, 3, both), between(-6, 27)], []),
    "sigmoid": (sigmoid, [span(-1074, 9, both), between(-745, 40), between(-100, 40)], []),
    "logsigmoid": (lambda x: -softplus(-x), [span(-1074, 9, both), between(-745, 740), between(-100, 100)], []),
    "softplus": (softplus, [span(-1074, 4, both), between(-745, 20), between(-100, 20)], []),
    "silu": (lambda x: x * sigmoid(x), [span(-1074, 9, both), between(-740, 40), between(-95, 40)], []),
    "mish": (lambda x: x * mp.tanh(softplus(x)), [span(-1074, 9, both), between(-740, 40), between(-95, 40)], []),
    "gelu": (lambda x: x * ndtr(x), [span(-1074, 5, both), between(-38, 9), between(-13, 9), between(-3, 3)], []),
    "softsign": (lambda x: x / (1 + abs(x)), [wide, between(-3, 3)], []),
    "elu": (lambda x: x if x > 0 else mp.expm1(x), [span(-1074, 9, both), between(-40, 3)], []),
    "selu": (lambda x: mpf("1.0507009873554804934193349852946") *
             (x if x > 0 else mpf("1.6732632423543772848170429916717") * mp.expm1(x)),
             [span(-1074, 9, both), between(-40, 3)], []),
    "logit": (lambda x: mp.log(x / (1 - x)), [span(-1074, 0), between(0, 1), lambda r: 1 - 2.0 ** r.uniform(-53, -1)],
              near([0.5])),
    "tanhshrink": (lambda x: x - mp.tanh(x), [span(-20, 9, both), between(-3, 3)], []),
}

BINARY = {
    "atan2": (mp.atan2, [(wide, wide), (between(-3, 3), between(-3, 3))]),
    "hypot": (mp.hypot, [(wide, wide), (between(-3, 3), between(-3, 3)), (span(1000, 1022), span(1000, 1022))]),
    "logaddexp": (lambda a, b: max(a, b) + softplus(-abs(a - b)),
                  [(between(1, 300), between(1, 300)), (between(-4, -2), between(-8, -2))]),
    "pow": (mp.power, [(span(-1074, 1023), between(-1, 1)), (between(0, 4), between(-30, 30))]),
    "xlogy": (lambda x, y: x * mp.log(y), [(between(-3, 3), span(-1074, 1023)), (wide, between(0, 4))]),
    "xlog1py": (lambda x, y: x * mp.log1p(y), [(between(-3, 3), span(-1074, 1023)), (between(-3, 3), between(-1, 1))]),
    "gammainc": (incomplete(False), [(between(0, 20), between(0, 30)), (span(-30, 2), span(-30, 3)),
                                     (between(90, 110), between(60, 150)), (between(20, 400), between(20, 400))]),
    "gammaincc": (incomplete(True), [(between(0, 20), between(0, 30)), (span(-30, 2), span(-30, 3)),
                                     (between(90, 110), between(60, 150)), (between(20, 400), between(20, 400))]),
    "zeta": (mp.zeta, [(between(1, 20), between(0, 20)), (span(0.01, 6), span(-10, 10)), (between(1, 3), span(0, 30))]),
}


def drawn(r, draws, count):
    for i in range(count):
        draw = draws[i % len(draws)]
        point = [d(r) for d in draw] if isinstance(draw, tuple) else [draw(r)]
        yield [to32(x) for x in point] if i % 4 else point


def converged(function, point):
    """The value with 60 digits, which 90 digits must confirm."""
    values = []
    for mp.dps in (90, 60):
        values.append(function(*[mpf(x) for x in point]))
    if abs(values[1] - values[0]) > abs(values[0]) * mpf(10) ** -30:
        raise ValueError(f"{point}: {values}")
    return values[1]


def text(value):
    return mp.nstr(value, 25, strip_zeros=True, min_fixed=0, max_fixed=0)


def rows():
    for name, entry in list(UNARY.items()) + list(BINARY.items()):
        function, draws = entry[0], entry[1]
        r = random.Random(name)
        points = [[x] for p in (entry[2] if name in UNARY else []) for x in {float(p), to32(float(p))}]
        points += drawn(r, draws, 120)
        for point in points:
            try:
                value = converged(function, point)
            except (ValueError, ZeroDivisionError, mp.NoConvergence):
                continue  # outside of the domain, or mpmath gives up
            if mp.im(value) != 0 or not mp.isfinite(value):
                continue
            yield ",".join([name] + [repr(x) for x in point] + [text(value)])


def main():
    check, path = "--check" in sys.argv, sys.argv[-1]
    made = ["function,arguments,value"] + list(rows())
    if not check:
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(made) + "\n")
        return 0
    with open(path, encoding="ascii") as file:
        there = file.read().split()
    wrong = [(a, b) for a, b in zip(made, there) if a != b]
    for a, b in wrong[:10]:
        print(f"made {a}, the file has {b}")
    print(f"{len(made)} rows, {len(wrong)} differ")
    return 1 if wrong or len(made) != len(there) else 0


if __name__ == "__main__":
    sys.exit(main())
