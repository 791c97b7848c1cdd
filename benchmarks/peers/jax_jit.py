"""Training steps in JAX: forward, backward and Adam in one jitted function."""
from common import NETS, contender, emit, report


def training_step(widths, batch, loss):
    import jax
    import jax.numpy as jnp
    import numpy as np

    rng = np.random.default_rng(1)
    layers = [
        (jnp.asarray(rng.normal(size=(n, k)) / np.sqrt(n), jnp.float32), jnp.zeros(k)) for n, k in zip(widths, widths[1:])
    ]
    x = jnp.asarray(rng.normal(size=(batch, widths[0])), jnp.float32)
    y = jnp.asarray(rng.integers(0, 2, (batch, widths[-1])), jnp.float32)
    labels = jnp.asarray(rng.integers(0, widths[-1], batch))

    def value(layers):
        h = x
        for weight, bias in layers[:-1]:
            h = jax.nn.relu(h @ weight + bias)
        out = h @ layers[-1][0] + layers[-1][1]
        if loss == "bce_with_logits":
            return jnp.mean(jnp.maximum(out, 0) - out * y + jnp.log1p(jnp.exp(-jnp.abs(out))))
        if loss == "cross_entropy":
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(out), labels[:, None], axis=1))
        return jnp.mean((out - y) ** 2)

    def adam(state):
        layers, m, v, t = state
        now, gradients = jax.value_and_grad(value)(layers)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradients)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradients)
        rate, root = 1e-3 / (1 - 0.9**t), 1 / jnp.sqrt(1 - 0.999**t)
        layers = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) * root + 1e-8), layers, m, v)
        return now, (layers, m, v, t)

    compiled = jax.jit(adam, donate_argnums=0)
    zeros = jax.tree.map(jnp.zeros_like, layers)
    state = (layers, zeros, jax.tree.map(jnp.zeros_like, layers), jnp.float32(0))

    def step():
        nonlocal state
        now, state = compiled(state)
        return float(now)

    return step


if __name__ == "__main__":
    with contender("step", "JAX jit"):
        import jax

        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_cpu_enable_async_dispatch", False)  # faster where one core has to do everything
        emit(contender="JAX", version=jax.__version__)
        for name, *net in NETS:
            report("step", name, "JAX jit", training_step(*net))
