"""The models of this bench in numpy and in JAX, each on one core: prints one line of JSON for each of them.

Every model is drawn from its priors to its outputs, with random numbers and all, for as many draws at once as goes
fastest. What counts is the time of the processor, the best of many short runs; compiling is left out.
"""

import json
import os
import sys
import time

# JAX looks at this once, when it is first imported.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import numpy as np  # noqa: E402

STEPS, STEP = 1000, 0.015
SECONDS, RUNS = 0.05, 40


def between(x, low, high, exp):
    return low + (high - low) / (1.0 + exp(-x))


def two_moons_numpy(n, random):
    theta = random.uniform(-1, 1, (2, n))
    angle = random.uniform(-np.pi / 2, np.pi / 2, n)
    radius = random.normal(0.1, 0.01, n)
    x = radius * np.cos(angle) + 0.25 - np.abs(theta[0] + theta[1]) / np.sqrt(2)
    y = radius * np.sin(angle) + (theta[1] - theta[0]) / np.sqrt(2)
    return theta, x, y


def slopes(rates, prey, hunter):
    alpha, beta, gamma, delta = rates
    return alpha * prey - beta * prey * hunter, -gamma * hunter + delta * prey * hunter


def runge_kutta(rates, prey, hunter):
    a, b = slopes(rates, prey, hunter)
    c, d = slopes(rates, prey + 0.5 * STEP * a, hunter + 0.5 * STEP * b)
    e, f = slopes(rates, prey + 0.5 * STEP * c, hunter + 0.5 * STEP * d)
    g, h = slopes(rates, prey + STEP * e, hunter + STEP * f)
    sixth = STEP / 6
    return prey + sixth * (a + 2 * (c + e) + g), hunter + sixth * (b + 2 * (d + f) + h)


def equations_numpy(n, random):
    rates = between(random.standard_normal((4, n)), 1, 3, np.exp)
    prey, hunter = np.full(n, 1.0), np.full(n, 0.5)
    for _ in range(STEPS):
        prey, hunter = runge_kutta(rates, prey, hunter)
    return rates, prey, hunter


def maruyama(rates, prey, hunter, u, v):
    a, b = slopes(rates, prey, hunter)
    kick = 0.05 * STEP**0.5
    return prey + STEP * a + kick * prey * u, hunter + STEP * b + kick * hunter * v


def noise_numpy(n, random):
    rates = between(random.standard_normal((4, n)), 1, 3, np.exp)
    prey, hunter = np.full(n, 1.0), np.full(n, 0.5)
    noises = np.empty((2, n))
    for _ in range(STEPS):
        random.standard_normal(out=noises)
        prey, hunter = maruyama(rates, prey, hunter, noises[0], noises[1])
    return rates, prey, hunter


NUMPY = {"two_moons": two_moons_numpy, "equations": equations_numpy, "noise": noise_numpy}


def jax_models(jax, dtype):
    from jax import lax, random
    import jax.numpy as jnp

    def two_moons(key, n):
        keys = random.split(key, 3)
        theta = random.uniform(keys[0], (2, n), dtype, -1, 1)
        angle = random.uniform(keys[1], (n,), dtype, -jnp.pi / 2, jnp.pi / 2)
        radius = 0.1 + 0.01 * random.normal(keys[2], (n,), dtype)
        x = radius * jnp.cos(angle) + 0.25 - jnp.abs(theta[0] + theta[1]) / jnp.sqrt(2.0).astype(dtype)
        y = radius * jnp.sin(angle) + (theta[1] - theta[0]) / jnp.sqrt(2.0).astype(dtype)
        return theta, x, y

    def start(key, n):
        rates = between(random.normal(key, (4, n), dtype), 1, 3, jnp.exp)
        return rates, (jnp.full(n, 1.0, dtype), jnp.full(n, 0.5, dtype))

    def equations(key, n):
        rates, states = start(key, n)
        return rates, lax.fori_loop(0, STEPS, lambda _, states: runge_kutta(rates, *states), states)

    def noise(key, n):
        first, second = random.split(key)
        rates, states = start(first, n)

        def step(i, states):
            u, v = random.normal(random.fold_in(second, i), (2, n), dtype)
            return maruyama(rates, *states, u, v)

        return rates, lax.fori_loop(0, STEPS, step, states)

    return {"two_moons": two_moons, "equations": equations, "noise": noise}


def best(draw, sizes):
    """Most draws a second, and for how many draws at once."""
    found = (0.0, 0)
    for n in sizes:
        draw(n)
        for _ in range(RUNS):
            began, done = time.process_time(), 0
            while time.process_time() - began < SECONDS:
                draw(n)
                done += n
            found = max(found, (done / (time.process_time() - began), n))
    return found


def tell(library, version, precision, model, found):
    rate, n = found
    line = {"library": library, "version": version, "precision": precision, "model": model, "rate": rate, "at_once": n}
    print(json.dumps(line), flush=True)


def main(models):
    sizes = {"two_moons": [1_000, 10_000, 100_000], "equations": [500, 2_000, 8_000], "noise": [500, 2_000, 8_000]}
    random = np.random.default_rng(1)
    for model in models:
        tell("numpy", np.__version__, "f64", model, best(lambda n: NUMPY[model](n, random), sizes[model]))
    try:
        import jax
    except ImportError:
        return
    jax.config.update("jax_platforms", "cpu")
    for precision in ["f64", "f32"]:
        jax.config.update("jax_enable_x64", precision == "f64")
        for model in models:
            whole = jax_models(jax, np.float64 if precision == "f64" else np.float32)[model]
            jitted = jax.jit(whole, static_argnums=1)
            keys = iter(range(10**9))
            found = best(lambda n: jax.block_until_ready(jitted(jax.random.key(next(keys)), n)), sizes[model])
            tell("jax", jax.__version__, precision, model, found)


if __name__ == "__main__":
    main(sys.argv[1:])
