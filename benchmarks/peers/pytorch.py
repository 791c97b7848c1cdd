"""Training steps in PyTorch, eager and compiled, and the tutorial's fit as a loop of PyTorch's own."""
from common import FIT, NETS, contender, emit, report


def sequential(widths):
    from torch import nn

    layers = [nn.Linear(widths[0], widths[1])]
    for width, units in zip(widths[1:], widths[2:]):
        layers += [nn.ReLU(), nn.Linear(width, units)]
    return nn.Sequential(*layers)


def training_step(widths, batch, loss, compiled, fused=False):
    import torch
    import torch.nn.functional as F

    torch.manual_seed(1)
    model = sequential(widths)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=fused)
    x = torch.randn(batch, widths[0])
    y = torch.randint(0, 2, (batch, widths[-1])).float()
    if loss == "cross_entropy":
        y = torch.randint(0, widths[-1], (batch,))
    function = {
        "bce_with_logits": F.binary_cross_entropy_with_logits,
        "cross_entropy": F.cross_entropy,
        "mse": F.mse_loss,
    }[loss]

    def forward():
        return function(model(x), y)

    if compiled:
        forward = torch.compile(forward)

    def step():
        optimizer.zero_grad()
        value = forward()
        value.backward()
        optimizer.step()
        return value.item()

    return step


def tutorial():
    import torch
    import torch.nn.functional as F
    from torch import nn

    torch.manual_seed(42)
    first = [nn.Linear(10, 6), nn.ReLU(), nn.Dropout(0.2)]
    second = [nn.Linear(6, 3), nn.ReLU(), nn.Dropout(0.2)]
    model = nn.Sequential(*first, *second, nn.Linear(3, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    x, y = torch.rand(1000, 10), torch.randint(0, 2, (1000, 1)).float()

    def fit():
        for _ in range(100):
            model.train()
            order = torch.randperm(700)
            total = 0
            for start in range(0, 700, 32):
                rows = order[start : min(start + 32, 700)]
                optimizer.zero_grad()
                loss = F.binary_cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                total += loss.item()
            model.eval()
            with torch.no_grad():
                F.binary_cross_entropy(model(x[700:]), y[700:]).item()

    return fit


if __name__ == "__main__":
    with contender("step, fit", "PyTorch eager"):
        import torch

        torch.set_num_threads(1)
        emit(contender="PyTorch", version=torch.__version__)
        for name, *net in NETS:
            report("step", name, "PyTorch eager", training_step(*net, compiled=False))
            report("step", name, "PyTorch eager, fused Adam", training_step(*net, compiled=False, fused=True))
        report("fit", FIT, "PyTorch eager", tutorial(), repetitions=3)
    with contender("step", "PyTorch compiled"):
        for name, *net in NETS:
            report("step", name, "PyTorch compiled", training_step(*net, compiled=True, fused=True))
