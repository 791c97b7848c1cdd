"""Training steps and the tutorial's fit in Keras; KERAS_BACKEND says on what (jax, tensorflow)."""
import functools
import os

from common import FIT, NETS, QUICK, contender, emit, report

BACKEND = os.environ.setdefault("KERAS_BACKEND", "jax")
NAME = {"jax": "Keras on JAX", "tensorflow": "Keras on TensorFlow"}.get(BACKEND, f"Keras on {BACKEND}")


def network(widths, batch, loss):
    import keras
    import numpy as np

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((widths[0],), batch_size=batch)])
    for units in widths[1:-1]:
        model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dense(widths[-1]))
    rng = np.random.default_rng(1)
    x = rng.normal(size=(batch, widths[0])).astype("float32")
    y = rng.integers(0, 2, (batch, widths[-1])).astype("float32")
    if loss == "cross_entropy":
        y = rng.integers(0, widths[-1], batch).astype("int32")
    function = {
        "bce_with_logits": keras.losses.BinaryCrossentropy(from_logits=True),
        "cross_entropy": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "mse": keras.losses.MeanSquaredError(),
    }[loss]
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)
    return model, function, optimizer, x, y


def step_on_jax(*net):
    """The loop that Keras's guide to custom training in JAX has."""
    import jax
    import jax.numpy as jnp

    model, loss, optimizer, x, y = network(*net)
    x, y = jnp.asarray(x), jnp.asarray(y)

    def value(trainable, untrainable):
        out, untrainable = model.stateless_call(trainable, untrainable, x, training=True)
        return loss(y, out), untrainable

    @functools.partial(jax.jit, donate_argnums=0)
    def train(state):
        trainable, untrainable, moments = state
        (now, untrainable), gradients = jax.value_and_grad(value, has_aux=True)(trainable, untrainable)
        trainable, moments = optimizer.stateless_apply(moments, gradients, trainable)
        return now, (trainable, untrainable, moments)

    state = ([v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables],
             [v.value for v in optimizer.variables])

    def step():
        nonlocal state
        now, state = train(state)
        return float(now)

    return step


def step_on_tensorflow(*net):
    """The loop that Keras's guide to custom training in TensorFlow has."""
    import tensorflow as tf

    model, loss, optimizer, x, y = network(*net)
    x, y = tf.constant(x), tf.constant(y)

    @tf.function(jit_compile=True)
    def train():
        with tf.GradientTape() as tape:
            now = loss(y, model(x, training=True))
        optimizer.apply(tape.gradient(now, model.trainable_weights), model.trainable_weights)
        return now

    return lambda: float(train())


def tutorial():
    import keras
    import numpy as np

    keras.utils.set_random_seed(42)
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((10,)),
        layers.Dense(6, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(3, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(1, activation="sigmoid"),
    ])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", keras.metrics.F1Score(threshold=0.5)])
    rng = np.random.default_rng(42)
    x, y = rng.random((1000, 10), dtype="float32"), rng.integers(0, 2, (1000, 1)).astype("float32")

    def fit(epochs=100):
        model.fit(x, y, batch_size=32, epochs=epochs, shuffle=True, validation_split=0.3, verbose=0)

    return fit


if __name__ == "__main__":
    with contender("step, fit", NAME):
        import keras

        if BACKEND == "tensorflow":
            import tensorflow

            tensorflow.config.threading.set_intra_op_parallelism_threads(1)
            tensorflow.config.threading.set_inter_op_parallelism_threads(1)
            emit(contender="TensorFlow", version=tensorflow.__version__)
        emit(contender="Keras", version=keras.__version__)
        for name, *net in NETS:
            report("step", name, NAME, (step_on_tensorflow if BACKEND == "tensorflow" else step_on_jax)(*net))
        fit = tutorial()
        report("fit", FIT, NAME, fit, repetitions=1 if QUICK else 2, warm_up=lambda: fit(2))
