"""Derivatives of every kind in PyTorch: torch.autograd and torch.func, on the cases of benchmarks/derivatives.cpp."""
from common import contender, emit, report

PINN = "PINN step, 2-64-64-64-1, 1000 points"
JVP = "jvp, 64-256-256-10, 256 rows"
HVP = "hvp of parameters, 10-64-64-1, 256 rows"
ROWS = "batch_jacobian [1000, 3, 10]"
SAMPLES = "gradients of rows, 10-64-64-1, 256 rows"


def tanh_net(*widths):
    from torch import nn

    layers = []
    for inputs, units in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, units), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def nested_sweeps():
    import torch

    net = tanh_net(2, 64, 64, 64, 1)
    theta = list(net.parameters())
    points = torch.rand(1000, 2)

    def step():
        x = points[:, :1].clone().requires_grad_()
        t = points[:, 1:].clone().requires_grad_()
        u = net(torch.cat([x, t], 1))
        u_x, u_t = torch.autograd.grad(u.sum(), [x, t], create_graph=True)
        u_xx = torch.autograd.grad(u_x.sum(), x, create_graph=True)[0]
        return torch.autograd.grad((u_t - u_xx).square().mean(), theta, allow_unused=True)

    return step


def nested_forward():
    import torch
    from torch.func import functional_call, grad, jvp

    net = tanh_net(2, 64, 64, 64, 1)
    parameters = {name: p.detach() for name, p in net.named_parameters()}
    points = torch.rand(1000, 2)
    along_x, along_t = torch.tensor([1.0, 0.0]).expand(1000, 2), torch.tensor([0.0, 1.0]).expand(1000, 2)

    def loss(parameters):
        def u(p):
            return functional_call(net, parameters, p)

        def u_x(p):
            return jvp(u, (p,), (along_x,))[1]

        u_xx = jvp(u_x, (points,), (along_x,))[1]
        u_t = jvp(u, (points,), (along_t,))[1]
        return (u_t - u_xx).square().mean()

    return lambda: grad(loss)(parameters)


def forward_mode():
    import torch
    from torch.func import jvp

    net = tanh_net(64, 256, 256, 10)
    x = torch.randn(256, 64)

    def work():
        with torch.no_grad():
            return jvp(net, (x,), (x,))

    return work


def hessian_product():
    import torch
    from torch.func import functional_call, grad, jvp

    net = tanh_net(10, 64, 64, 1)
    x, y = torch.randn(256, 10), torch.randn(256, 1)
    parameters = {name: p.detach() for name, p in net.named_parameters()}

    def loss(parameters):  # forward mode over the gradient of mse_loss fails in PyTorch 2.15
        return (functional_call(net, parameters, x) - y).square().mean()

    return lambda: jvp(grad(loss), (parameters,), (parameters,))


def row_jacobians():
    import torch
    from torch.func import jacrev, vmap

    net = tanh_net(10, 64, 64, 3)
    x = torch.randn(1000, 10)

    def work():
        with torch.no_grad():
            return vmap(jacrev(net))(x)

    return work


def row_gradients():
    import torch
    import torch.nn.functional as F
    from torch.func import functional_call, grad, vmap

    net = tanh_net(10, 64, 64, 1)
    x, y = torch.randn(256, 10), torch.randn(256, 1)
    parameters = {name: p.detach() for name, p in net.named_parameters()}

    def loss(parameters, x, y):
        return F.mse_loss(functional_call(net, parameters, x[None]), y[None])

    return lambda: vmap(grad(loss), (None, 0, 0))(parameters, x, y)


if __name__ == "__main__":
    with contender("derivatives", "PyTorch"):
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(1)
        emit(contender="PyTorch", version=torch.__version__)
        report("derivatives", PINN, "PyTorch, nested sweeps", nested_sweeps())
        report("derivatives", PINN, "PyTorch, torch.func", nested_forward())
        report("derivatives", JVP, "PyTorch, torch.func", forward_mode())
        report("derivatives", HVP, "PyTorch, torch.func", hessian_product())
        report("derivatives", ROWS, "PyTorch, torch.func", row_jacobians())
        report("derivatives", SAMPLES, "PyTorch, torch.func", row_gradients())
