"""Explanations by shap: DeepExplainer on a PyTorch model, and exact Shapley values."""
from common import EXPLAINED, contender, emit, report
from pytorch import sequential


def deep(widths, rows):
    import shap
    import torch

    torch.manual_seed(1)
    explainer = shap.DeepExplainer(sequential(widths).eval(), torch.randn(100, widths[0]))
    x = torch.randn(rows, widths[0])
    return lambda: explainer.shap_values(x)


def exact(widths, rows):
    import shap
    import torch

    torch.manual_seed(1)
    model = sequential(widths).eval()

    def function(x):
        with torch.no_grad():
            return model(torch.from_numpy(x).float()).numpy()

    masker = shap.maskers.Independent(torch.randn(100, widths[0]).numpy(), max_samples=100)
    explainer = shap.explainers.Exact(function, masker)
    x = torch.randn(rows, widths[0]).numpy()
    return lambda: explainer(x)


if __name__ == "__main__":
    with contender("explain", "shap"):
        import shap
        import torch

        torch.set_num_threads(1)
        emit(contender="shap", version=shap.__version__)
        for name, widths, rows in EXPLAINED:
            case = f"DeepShap, 100 references, {name}"
            report("explain", case, "shap", deep(widths, rows), units=rows, repetitions=3)
        name, widths, _ = EXPLAINED[0]
        case = f"ExactShapley, 100 references, {name}"
        report("explain", case, "shap", exact(widths, 4), units=4, repetitions=3)
