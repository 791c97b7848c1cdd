"""Reads and writes the case files of tests/data/conformance, and compares results with what they want."""
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

Tensors = dict[str, torch.Tensor]


@dataclass
class Result:
    """What was made here, and the JSON value that says what is wanted: {"t": NAME} or a list of numbers."""
    what: str
    want: Any
    got: Any


class NotCovered(Exception):
    """A case that these programs cannot compute."""


def is_tensor(value: Any) -> bool:
    return isinstance(value, dict) and "t" in value


def decode(value: Any, tensors: Tensors) -> Any:
    """The Python value that a JSON value means; tests/data/README.md has the table. Tensors are copied."""
    if isinstance(value, list):
        return [decode(v, tensors) for v in value]
    if not isinstance(value, dict):
        return value
    if "t" in value:
        return tensors[value["t"]].clone()
    if "f" in value:
        return float(value["f"])
    if "dtype" in value:
        return getattr(torch, value["dtype"])
    if "slice" in value:
        return slice(*value["slice"])
    if "ellipsis" in value:
        return ...
    raise NotCovered(f"the value {value}")


def encode(value: Any, name: str) -> Any:
    """The opposite of decode; a tensor gets the given name, one in a list the number of its place as well."""
    if isinstance(value, torch.Tensor):
        return {"t": name}
    if isinstance(value, (list, tuple)):
        return [encode(v, f"{name}.{i}") for i, v in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        return {"f": str(value)}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if value is ...:
        return {"ellipsis": True}
    return value


def read(path: Path) -> tuple[dict, Tensors]:
    return json.loads(path.read_text(encoding="utf-8")), load_file(path.with_suffix(".safetensors"))


def write(path: Path, file: dict, tensors: Tensors) -> None:
    """One case a line, so that a changed case is a changed line."""
    cases = ",\n".join(json.dumps(case, separators=(",", ":")) for case in file["cases"])
    path.write_text(f'{{"about":{json.dumps(file["about"])},\n"cases":[\n{cases}\n]}}\n', encoding="utf-8")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path.with_suffix(".safetensors"))


def store(result: Result, tensors: Tensors) -> None:
    """Puts what was made here in the place of what was wanted."""
    if is_tensor(result.want):
        tensors[result.want["t"]] = result.got.detach().clone()
    else:
        result.want[:] = result.got


def compare(result: Result, tensors: Tensors, rtol: float, atol: float) -> tuple[float, str]:
    """The largest difference as a share of atol + rtol |want|, and where it is. Integers and bools must be equal."""
    if is_tensor(result.want):
        want, got = tensors[result.want["t"]], result.got.detach()
    else:
        want, got = (torch.tensor(v, dtype=torch.float64) for v in (result.want, result.got))
    if got.dtype != want.dtype or got.shape != want.shape:
        return math.inf, f"{result.what}: got {got.dtype} {list(got.shape)}, wanted {want.dtype} {list(want.shape)}"
    if want.numel() == 0:
        return 0.0, ""
    equal = (got == want) | (got.isnan() & want.isnan())
    allowed = atol + rtol * want.double().abs() if want.is_floating_point() else torch.zeros(want.shape)
    shares = ((got.double() - want.double()).abs() / allowed).nan_to_num(nan=math.inf, posinf=math.inf)
    shares = torch.where(equal, 0.0, shares).flatten()
    worst = int(shares.argmax())
    return float(shares[worst]), f"{result.what}: got {got.flatten()[worst]}, wanted {want.flatten()[worst]}"
