"""Parameters after each step of PyTorch's optimizers, and the rates of its schedulers."""
from collections.abc import Iterator

import torch

from cases import NotCovered, Result, Tensors, decode


def inputs(case: dict) -> Iterator[Result]:
    """Random parameters, then random gradients for each step."""
    if "optimizer" not in case:
        return
    torch.manual_seed(2000 + int(case["id"].split("/")[1]))
    shapes = [(4, 3), (3,), ()]
    for i, (want, shape) in enumerate(zip(case["params"], shapes)):
        yield Result(f"parameter {i}", want, torch.randn(shape, dtype=torch.float64))
    for number, step in enumerate(case["steps"]):
        if "grads" not in step:
            raise NotCovered("steps without gradients")
        for i, (want, shape) in enumerate(zip(step["grads"], shapes)):
            yield Result(f"gradient {i} of step {number}", want, torch.randn(shape, dtype=torch.float64))


def outputs(case: dict, tensors: Tensors) -> Iterator[Result]:
    yield from optimizer(case, tensors) if "optimizer" in case else scheduler(case)


def optimizer(case: dict, tensors: Tensors) -> Iterator[Result]:
    params = [param.requires_grad_() for param in decode(case["params"], tensors)]
    stepper = getattr(torch.optim, case["optimizer"])(params, **case["options"])
    for number, step in enumerate(case["steps"]):
        for param, grad in zip(params, decode(step["grads"], tensors)):
            param.grad = grad
        stepper.step()
        for i, (want, param) in enumerate(zip(step["after"], params)):
            yield Result(f"step {number}, parameter {i}", want, param.detach().clone())


def scheduler(case: dict) -> Iterator[Result]:
    stepper = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=case["base_lr"])
    schedule = getattr(torch.optim.lr_scheduler, case["scheduler"])(stepper, **case["options"])
    rates = []
    for metric in case.get("metrics", [None] * len(case["lrs"])):
        stepper.step()
        if metric is None:
            rates.append(stepper.param_groups[0]["lr"])
            schedule.step()
        else:
            schedule.step(metric)
            rates.append(stepper.param_groups[0]["lr"])
    yield Result("rates", case["lrs"], rates)
