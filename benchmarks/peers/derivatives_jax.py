"""Derivatives of every kind in JAX, compiled, on the cases of benchmarks/derivatives.cpp."""
from common import contender, emit, report
from derivatives_pytorch import HVP, JVP, PINN, ROWS, SAMPLES


def tanh_net(*widths):
    import jax
    import jax.numpy as jnp

    keys = jax.random.split(jax.random.PRNGKey(1), len(widths))
    theta = [
        (jax.random.normal(key, (inputs, units)) / inputs**0.5, jnp.zeros(units))
        for key, inputs, units in zip(keys, widths, widths[1:])
    ]

    def net(theta, x):
        for weight, bias in theta[:-1]:
            x = jnp.tanh(x @ weight + bias)
        weight, bias = theta[-1]
        return x @ weight + bias

    return net, theta


def normal(*shape):
    import jax

    return jax.random.normal(jax.random.PRNGKey(2), shape)


def compiled(function, *arguments):
    import jax

    run = jax.jit(function)
    return lambda: jax.block_until_ready(run(*arguments))


def pinn():
    import jax
    import jax.numpy as jnp

    net, theta = tanh_net(2, 64, 64, 64, 1)
    points = normal(1000, 2)
    along_x, along_t = jnp.array([1.0, 0.0]), jnp.array([0.0, 1.0])

    def residual(theta, p):
        def u(p):
            return net(theta, p)[0]

        def along(direction, f):
            return lambda p: jax.jvp(f, (p,), (direction,))[1]

        return along(along_t, u)(p) - along(along_x, along(along_x, u))(p)

    def loss(theta, points):
        return jnp.mean(jax.vmap(residual, (None, 0))(theta, points) ** 2)

    return compiled(jax.grad(loss), theta, points)


def forward_mode():
    import jax

    net, theta = tanh_net(64, 256, 256, 10)
    x = normal(256, 64)
    return compiled(lambda theta, x: jax.jvp(lambda x: net(theta, x), (x,), (x,)), theta, x)


def mean_square(net):
    import jax.numpy as jnp

    return lambda theta, x, y: jnp.mean((net(theta, x) - y) ** 2)


def hessian_product():
    import jax

    net, theta = tanh_net(10, 64, 64, 1)
    loss = mean_square(net)

    def product(theta, x, y):
        return jax.jvp(lambda theta: jax.grad(loss)(theta, x, y), (theta,), (theta,))[1]

    return compiled(product, theta, normal(256, 10), normal(256, 1))


def row_jacobians():
    import jax

    net, theta = tanh_net(10, 64, 64, 3)
    return compiled(jax.vmap(jax.jacrev(net, 1), (None, 0)), theta, normal(1000, 10))


def row_gradients():
    import jax

    net, theta = tanh_net(10, 64, 64, 1)
    return compiled(jax.vmap(jax.grad(mean_square(net)), (None, 0, 0)), theta, normal(256, 10), normal(256, 1))


if __name__ == "__main__":
    with contender("derivatives", "JAX jit"):
        import jax

        emit(contender="JAX", version=jax.__version__)
        for case, make in [
            (PINN, pinn),
            (JVP, forward_mode),
            (HVP, hessian_product),
            (ROWS, row_jacobians),
            (SAMPLES, row_gradients),
        ]:
            report("derivatives", case, "JAX jit", make())
