"""Attributions by shap and captum, and Shapley values by enumerating all coalitions."""
import math
import warnings
from collections.abc import Callable, Iterator

import captum.attr
import numpy as np
import shap
import torch

from cases import NotCovered, Result, Tensors, decode

Model = torch.nn.Sequential
Found = tuple[torch.Tensor, torch.Tensor | None]  # attributions, base values


# The models in their order, from which their seeds follow.
MODELS = """linear one_relu two_relu one_tanh two_tanh one_sigmoid two_sigmoid one_softplus two_softplus one_elu
two_elu one_leakyrelu two_leakyrelu deep_relu deep_tanh tutorial tutorial_sigmoid batchnorm leaky_half selu gelu silu
mish softmax log_softmax layernorm wide""".split()


def build(case: dict) -> Model:
    layers = [getattr(torch.nn, layer["module"])(*(layer.get("args") or []), **(layer.get("kwargs") or {}))
              for layer in case["model"]]
    return Model(*layers).double().eval()


def inputs(case: dict) -> Iterator[Result]:
    """Weights half as large again as PyTorch's initial ones, and normal rows. In the second variant of a model the
    first row is the first reference, and the second row has half of its features from the second reference."""
    _, name, variant, *_ = case["id"].split("/")
    torch.manual_seed(100 * MODELS.index(name) + int(variant))
    model = build(case)
    with torch.no_grad():
        for param in model.parameters():
            param.mul_(1.5)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
    state = model.state_dict()
    for key, want in case["state"].items():
        yield Result(key, want, state[key])
    features = case["model"][0]["args"][0]
    background = torch.randn((12, 3)[int(variant)], features, dtype=torch.float64)
    rows = 1.5 * torch.randn((4, 5)[int(variant)], features, dtype=torch.float64)
    if variant == "1":
        rows[0] = background[0]
        rows[1, :features // 2] = background[1, :features // 2]
    yield Result("background", case["background"], background)
    yield Result("inputs", case["inputs"], rows)


def model_of(case: dict, tensors: Tensors) -> Model:
    model = build(case)
    # The states do not have the numbers of batches that the running averages have seen.
    missing = model.load_state_dict({k: decode(v, tensors) for k, v in case["state"].items()}, strict=False)
    assert not missing.unexpected_keys and all(k.endswith("num_batches_tracked") for k in missing.missing_keys)
    return model


def deep_shap(model: Model, background: torch.Tensor, rows: torch.Tensor, ranked_outputs: int | None = None) -> Found:
    explainer = shap.DeepExplainer(model, background)
    values = explainer.shap_values(rows, ranked_outputs=ranked_outputs, check_additivity=False)
    if ranked_outputs is not None and isinstance(values, (list, tuple)):
        values = values[0]
    return torch.from_numpy(np.asarray(values)), torch.as_tensor(explainer.expected_value)


def exact_shapley(model: Model, background: torch.Tensor, rows: torch.Tensor) -> Found:
    """v(S) is the mean output over the background where a row gives the features in S and the background the others."""
    n = rows.shape[1]
    members = torch.tensor([[bool(s >> i & 1) for i in range(n)] for s in range(2 ** n)])
    with torch.no_grad():
        mixed = torch.where(members[:, None, None, :], rows[:, None, :], background)  # coalition, row, reference
        worth = model(mixed.flatten(0, 2)).unflatten(0, mixed.shape[:3]).mean(2)
        base = model(background).mean(0)
    sizes = members.sum(1)
    values = torch.zeros(rows.shape + base.shape, dtype=rows.dtype)
    for i in range(n):
        for s in torch.nonzero(~members[:, i]).flatten().tolist():
            size = int(sizes[s])
            weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
            values[:, i] += weight * (worth[s | 1 << i] - worth[s])
    return values, base


def by_captum(method: str, references: int | None = 0, **options) -> Callable[..., Found]:
    """A method of captum's: without references, or with the first so many rows of the background, or (None) all."""
    def attribute(model: Model, background: torch.Tensor, rows: torch.Tensor, **args) -> Found:
        if references != 0:
            args["baselines"] = background[:references]
        return getattr(captum.attr, method)(model, **options).attribute(rows, **args).detach(), None
    return attribute


METHODS: dict[str, Callable[..., Found]] = {
    "DeepShap": deep_shap,
    "DeepShap.ranked": deep_shap,
    "ExactShapley": exact_shapley,
    "DeepLift": by_captum("DeepLift", 1),
    "DeepLift.multipliers": by_captum("DeepLift", 1, multiply_by_inputs=False),
    "DeepLiftShap": by_captum("DeepLiftShap", None),
    "IntegratedGradients": by_captum("IntegratedGradients", 1),
    "Saliency": by_captum("Saliency"),
    "InputXGradient": by_captum("InputXGradient"),
}


def outputs(case: dict, tensors: Tensors) -> Iterator[Result]:
    if case["method"] not in METHODS:
        raise NotCovered(f"the method {case['method']}")
    background, rows = decode(case["background"], tensors), decode(case["inputs"], tensors)
    if case["method"] in ("Saliency", "InputXGradient"):
        rows.requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peers warn of the hooks that they set
        values, base = METHODS[case["method"]](model_of(case, tensors), background, rows, **case["args"])
    yield Result("values", case["values"], values)
    if "base_values" in case:
        yield Result("base values", case["base_values"], base)
