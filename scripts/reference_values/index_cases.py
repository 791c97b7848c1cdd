"""Writes tests/data/indexing/numpy.txt: random index expressions and what NumPy makes of them.

A line is `shape; entries; shape of the result; offsets of its elements`, or `shape; entries; error`. Entries are
separated by spaces: `i:-1` a number, `s:1,,2` a slice, `n` a new axis, `e` an ellipsis, `a:2,1=0,3` integers of shape
[2, 1], `m:3=1,0,1` a mask of shape [3]. Offsets count elements of the indexed array in row-major order.
"""

import random
import sys

import numpy as np


def numbers(values):
    return ",".join(str(int(v)) for v in values)


def entry(rng, size, shape_left):
    """An entry and its text; `size` is the size of the next dimension."""
    kind = rng.choice("iissssnaaaam")
    if kind == "i":
        number = rng.randint(-size - 1, size) if rng.random() < 0.1 else rng.randint(-size, max(size - 1, -size))
        return number, f"i:{number}", 1
    if kind == "s":
        bounds = [None if rng.random() < 0.4 else rng.randint(-size - 2, size + 2) for _ in range(2)]
        step = rng.choice([None, None, 1, 2, 3, -1, -1, -2, -3])
        text = ",".join("" if b is None else str(b) for b in [*bounds, step])
        return slice(*bounds, step), f"s:{text}", 1
    if kind == "n":
        return None, "n", 0
    if kind == "a":
        shape = rng.choice([(), (1,), (2,), (3,), (2, 1), (2, 2), (0,)])
        low, high = (-size, size - 1) if rng.random() < 0.95 else (-size - 1, size)
        count = int(np.prod(shape))
        values = [rng.randint(low, max(high, low)) for _ in range(count)]
        return np.array(values, dtype=np.int64).reshape(shape), f"a:{numbers(shape)}={numbers(values)}", 1
    dims = rng.choice([0, 1, 1, 1, 2])
    shape = tuple(shape_left[:dims]) if len(shape_left) >= dims else (size,)
    if rng.random() < 0.05 and shape:
        shape = (shape[0] + 1, *shape[1:])
    values = [rng.random() < 0.5 for _ in range(int(np.prod(shape)))]
    return np.array(values, dtype=bool).reshape(shape), f"m:{numbers(shape)}={numbers(values)}", len(shape)


def case(rng):
    shape = tuple(rng.choice([1, 2, 3, 3, 4]) if rng.random() < 0.98 else 0 for _ in range(rng.choice([1, 2, 3, 3, 4, 4])))
    x = np.arange(int(np.prod(shape))).reshape(shape)
    index, texts, dim, ellipsis = [], [], 0, rng.random() < 0.4
    for _ in range(rng.choice([0, *[len(shape), len(shape) + 1] * 10])):
        if ellipsis and rng.random() < 0.3:
            ellipsis = False
            index.append(Ellipsis)
            texts.append("e")
            dim = min(len(shape), dim + rng.randint(0, 1))
            continue
        if dim >= len(shape) and rng.random() < 0.9:
            break
        value, text, dims = entry(rng, shape[min(dim, len(shape) - 1)], shape[dim:])
        index.append(value)
        texts.append(text)
        dim += dims
    head = f"{numbers(shape)}; {' '.join(texts)}; "
    try:
        result = np.asarray(x[tuple(index)])
    except IndexError:
        return head + "error" if rng.random() < 0.3 else None
    dull = result.size == 0 and rng.random() < 0.8
    return None if dull or result.ndim > 8 or result.size > 40 else head + f"{numbers(result.shape)}; {numbers(result.ravel())}"


def main():
    rng = random.Random(7)
    lines = []
    while len(lines) < 400:
        line = case(rng)
        if line and line not in lines:
            lines.append(line)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


main()
