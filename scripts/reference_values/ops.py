"""Ops on PyTorch's own operator samples: arguments, values and gradients."""
import functools
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db

from cases import NotCovered, Result, Tensors, decode, encode

OPS = {".".join(filter(None, (op.name, op.variant_test_name))): op for op in op_db}
LARGEST = 4000  # elements of a tensor; samples with larger ones are left out


@dataclass
class Sample:
    args: list
    kwargs: dict
    grad_out: dict[int, torch.Tensor]  # by the number of the result


def leaves(value: Any, path: str) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors among the arguments: a0, a1.0 (the first one in a list that is the second argument), a keyword."""
    if isinstance(value, torch.Tensor):
        yield path, value
    elif isinstance(value, (list, tuple)):
        for i, v in enumerate(value):
            yield from leaves(v, f"{path}.{i}")


def leaves_of(args: list, kwargs: dict) -> dict[str, torch.Tensor]:
    named = [(f"a{i}", arg) for i, arg in enumerate(args)] + list(kwargs.items())
    return dict(pair for name, value in named for pair in leaves(value, name))


def cloned(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    return type(value)(map(cloned, value)) if type(value) in (list, tuple) else value


def call(name: str, args: list, kwargs: dict) -> list[torch.Tensor]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some samples use what PyTorch advises against
        out = OPS[name].op(*args, **kwargs)
    return [out] if isinstance(out, torch.Tensor) else list(out)


@functools.cache
def samples(name: str, dtype: torch.dtype) -> dict[int, Sample]:
    """Every n-th of PyTorch's samples, at most 16 for float64 and 4 for other dtypes, with random gradients. PyTorch
    sets a fixed seed before each sample and once more behind the last one, where the gradients begin."""
    found = list(OPS[name].sample_inputs("cpu", dtype, dtype.is_floating_point and OPS[name].supports_autograd))
    for i, sample in enumerate(found):
        if "indexing" in sample.kwargs:  # meshgrid's samples take it from a Python set, which has no fixed order
            sample.kwargs["indexing"] = ("xy", "ij")[i % 2]
    most = 16 if dtype == torch.float64 else 4
    kept = {}
    for number, sample in enumerate(found[::max(1, len(found) // most)]):
        args, kwargs = [sample.input, *sample.args], sample.kwargs
        if len(kept) == most:
            break
        if any(x.numel() > LARGEST for x in leaves_of(args, kwargs).values()):
            continue
        results = call(name, args, kwargs)  # running statistics are in the files as the op leaves them
        kept[number] = Sample(cloned(args), {k: cloned(v) for k, v in kwargs.items()}, {})
        for i, out in enumerate(results):
            if out.requires_grad:
                kept[number].grad_out[i] = torch.randn(out.shape, dtype=out.dtype)
    return kept


def inputs(case: dict) -> Iterator[Result]:
    if case["op"] not in OPS:
        raise NotCovered("PyTorch has no samples for an op of that name")
    dtype, number = case["id"].split("/")[-2:]
    sample = samples(case["op"], getattr(torch, dtype))[int(number)]
    args = [encode(arg, f"{case['id']}/a{i}") for i, arg in enumerate(sample.args)]
    kwargs = {name: encode(value, f"{case['id']}/{name}") for name, value in sample.kwargs.items()}
    if (args, kwargs) != (case["args"], case["kwargs"]):
        raise ValueError(f"the sample has the arguments {args} {kwargs}")
    for path, tensor in leaves_of(sample.args, sample.kwargs).items():
        yield Result(f"argument {path}", {"t": f"{case['id']}/{path}"}, tensor)
    for i, want in case.get("grad_out", {}).items():
        yield Result(f"gradient for result {i}", want, sample.grad_out[int(i)])


def index(value: Any) -> Any:
    """A list of integers is one index, any other list an index for each dimension."""
    if isinstance(value, list) and not all(isinstance(v, int) for v in value):
        return tuple(value)
    return value


def outputs(case: dict, tensors: Tensors) -> Iterator[Result]:
    args = decode(case["args"], tensors)
    kwargs = {name: decode(value, tensors) for name, value in case["kwargs"].items()}
    by_path, grads = leaves_of(args, kwargs), case.get("grads", {})
    for path in grads:
        by_path[path].requires_grad_()
    if case["op"] == "__getitem__":
        args[1] = index(args[1])
    out = call(case["op"], args, kwargs)
    if len(out) != len(case["out"]):
        raise ValueError(f"{len(out)} results, wanted {len(case['out'])}")
    for i, (want, got) in enumerate(zip(case["out"], out)):
        yield Result(f"result {i}", want, got)
    if grads:
        given = {int(i): decode(grad, tensors) for i, grad in case["grad_out"].items()}
        computed = torch.autograd.grad([out[i] for i in given], [by_path[path] for path in grads], list(given.values()),
                                       allow_unused=True, materialize_grads=True)
        for (path, want), got in zip(grads.items(), computed):
            yield Result(f"gradient of {path}", want, got)
