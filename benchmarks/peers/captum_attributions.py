"""Explanations by captum: DeepLiftShap and IntegratedGradients, one call for each output of the model."""
from common import EXPLAINED, contender, emit, report
from pytorch import sequential


def deep_lift_shap(widths, rows):
    import torch
    from captum.attr import DeepLiftShap

    torch.manual_seed(1)
    method = DeepLiftShap(sequential(widths).eval())
    x, background = torch.randn(rows, widths[0]), torch.randn(100, widths[0])
    return lambda: [method.attribute(x, background, target=k) for k in range(widths[-1])]


def integrated_gradients(widths, rows):
    import torch
    from captum.attr import IntegratedGradients

    torch.manual_seed(1)
    method = IntegratedGradients(sequential(widths).eval())
    x = torch.randn(rows, widths[0])
    return lambda: [method.attribute(x, n_steps=50, target=k) for k in range(widths[-1])]


if __name__ == "__main__":
    with contender("explain", "captum"):
        import captum
        import torch

        torch.set_num_threads(1)
        emit(contender="captum", version=captum.__version__)
        for name, widths, rows in EXPLAINED:
            case = f"IntegratedGradients, 50 steps, {name}"
            report("explain", case, "captum", integrated_gradients(widths, rows), units=rows, repetitions=3)
        for name, widths, rows in EXPLAINED:
            case = f"DeepShap, 100 references, {name}"
            report("explain", case, "captum", deep_lift_shap(widths, rows), units=rows, repetitions=3)
