"""The network in JAX: a whole step, or a whole drawing, is one jitted function whose state is given away to it."""

from functools import partial

import jax
import numpy as np
from jax import nn, random
from jax import numpy as jnp

from solver import schedule

jax.config.update("jax_platforms", "cpu")

# Draws that are made at once.
AT_ONCE = 1_000

BETAS, EPSILON, DECAY, RATE = (0.9, 0.99), 1e-8, 1e-3, 2e-3


class Peer:
    def __init__(self, name, order):
        work, self.network = order["work"], order["network"]
        self.version = jax.__version__
        self.tokens, self.batch_size = work["tokens"], work["batch"]
        self.value_frequencies = jnp.array(self.network["value_frequencies"])
        self.level_frequencies = jnp.array(self.network["level_frequencies"])
        mask = self.network["mask"]
        self.mask = None if mask is None else jnp.array(mask)
        numbers = np.random.default_rng(1)
        pieces = {}
        for piece, rows, columns in self.network["pieces"]:
            shape = (columns,) if rows == 1 else (rows, columns)
            if piece.endswith(".gain"):
                pieces[piece] = jnp.ones(shape)
            elif piece.endswith(".w") or piece == "id":
                pieces[piece] = jnp.array(numbers.uniform(-(rows**-0.5), rows**-0.5, shape), jnp.float32)
            else:
                pieces[piece] = jnp.zeros(shape)
        self.parameters = sum(piece.size for piece in pieces.values())
        zeros = partial(jax.tree.map, jnp.zeros_like)
        self.pieces = pieces
        # Parameters, two moments, the average, the number of the step and the key of its random numbers.
        self.state = (jax.tree.map(jnp.copy, pieces), zeros(pieces), zeros(pieces), zeros(pieces), 0, random.key(1))
        self.data = random.normal(random.key(2), (work["simulations"], self.tokens))
        known = self.network["known"]
        self.known = jnp.array([0.0 if x is None else x for x in known])
        self.is_known = jnp.array([x is not None for x in known])
        self.schedule = jnp.array(schedule(*self.network["range"]))
        self.whole_step = jax.jit(self.update, donate_argnums=0)
        self.whole_drawing = jax.jit(self.made)
        self.keys = random.key(3)

    def outputs(self, pieces, value, given, level):
        """`value` and `given` are [samples, tokens], `level` is [samples], or [1] where it is the same."""

        def linear(x, name):
            return x @ pieces[name + ".w"] + pieces[name + ".b"]

        def norm(x, name):
            centred = x - x.mean(1, keepdims=True)
            variance = (centred**2).mean(1, keepdims=True)
            return centred * jax.lax.rsqrt(variance + 1e-5) * pieces[name + ".gain"] + pieces[name + ".shift"]

        def attend(x, name):
            heads, width = self.network["heads"], self.network["head_width"]
            qkv = linear(x, name + ".qkv").reshape(-1, self.tokens, 3, heads, width)
            query, key, value = qkv.transpose(2, 0, 3, 1, 4)
            logits = (query * width**-0.5) @ key.swapaxes(2, 3)
            if self.mask is not None:
                logits = jnp.where(self.mask, logits, -jnp.inf)
            seen = nn.softmax(logits) @ value
            return linear(seen.swapaxes(1, 2).reshape(-1, heads * width), name + ".out")

        def feed_forward(x, name):
            shift, scale = jnp.split(linear(context, name + ".modulation")[:, None], 2, 2)
            x = x.reshape(-1, self.tokens, x.shape[1]) * (1 + scale) + shift
            up = linear(x.reshape(-1, x.shape[2]), name + ".up")
            return linear(nn.gelu(up, approximate=False), name + ".down")

        angles = level[:, None] * self.level_frequencies
        context = jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], 1)
        context = nn.silu(linear(nn.silu(linear(context, "level.in")), "level.out"))
        x = value.reshape(-1, 1)
        angles = x * self.value_frequencies
        features = jnp.concatenate([x, jnp.sin(angles), jnp.cos(angles), given.reshape(-1, 1)], 1)
        weights = jnp.concatenate([pieces["value.w"], pieces["given"][None]])
        width = weights.shape[1]
        h = ((features @ weights).reshape(-1, self.tokens, width) + pieces["id"]).reshape(-1, width)
        for layer in range(self.network["layers"]):
            block = f"block.{layer}"
            h = h + attend(norm(h, block + ".norm1"), block)
            h = h + feed_forward(norm(h, block + ".norm2"), block)
        return (norm(h, "norm") @ pieces["head.w"] + pieces["head.b"]).reshape(-1, self.tokens)

    def loss(self, pieces, value, given, level, target, weight):
        return (weight * (self.outputs(pieces, value, given, level) - target) ** 2).sum()

    def batch(self, key, data):
        size = (self.batch_size, self.tokens)
        mean, sd = self.network["level"]
        rows, levels, noise, rates, bits = random.split(key, 5)
        clean = data[random.randint(rows, (self.batch_size,), 0, len(data))]
        sigma = jnp.exp(mean + sd * random.normal(levels, (self.batch_size, 1)))
        noisy = clean + sigma * random.normal(noise, size)
        given = random.uniform(bits, size) < random.uniform(rates, (self.batch_size, 1))
        total = 1 + sigma**2
        value = jnp.where(given, clean, noisy / jnp.sqrt(total))
        target = (clean - noisy / total) * jnp.sqrt(total) / sigma
        weight = (1.0 - given) / (self.batch_size * self.tokens)
        return value, given.astype(jnp.float32), jnp.log(sigma[:, 0]) / 4, target, weight

    def update(self, state, data):
        pieces, first, second, average, count, key = state
        key, own = random.split(key)
        loss, gradient = jax.value_and_grad(self.loss)(pieces, *self.batch(own, data))
        size = jnp.sqrt(sum((piece**2).sum() for piece in jax.tree.leaves(gradient)))
        clip, count = 1 / jnp.maximum(size, 1.0), count + 1

        def move(piece, gradient, first, second, average):
            gradient = clip * gradient
            first = BETAS[0] * first + (1 - BETAS[0]) * gradient
            second = BETAS[1] * second + (1 - BETAS[1]) * gradient**2
            spread = jnp.sqrt(second / (1 - BETAS[1] ** count)) + EPSILON
            piece = piece - RATE * (first / (1 - BETAS[0] ** count) / spread + DECAY * piece)
            return piece, first, second, average + 1e-3 * (piece - average)

        moved = {name: move(*(tree[name] for tree in (pieces, gradient, first, second, average))) for name in pieces}
        return (*({name: four[part] for name, four in moved.items()} for part in range(4)), count, key), loss

    def step(self):
        self.state, loss = self.whole_step(self.state, self.data)
        loss.block_until_ready()
        return 1

    def solve(self, pieces, noise):
        def advance(carried, row):
            values, first, second = carried
            enter, skip, out, level, keep, *weights = row
            inputs = jnp.where(self.is_known, self.known, enter * values)
            given = jnp.broadcast_to(self.is_known.astype(jnp.float32), values.shape)
            outputs = self.outputs(pieces, inputs, given, level[None])
            denoised = jnp.where(self.is_known, self.known, skip * values + out * outputs)
            values = keep * values + weights[0] * denoised + weights[1] * first + weights[2] * second
            return (values, denoised, first), None

        values = jnp.where(self.is_known, self.known, self.network["range"][1] * noise)
        nothing = jnp.zeros_like(values)
        return jax.lax.scan(advance, (values, nothing, nothing), self.schedule)[0][0]

    def made(self, pieces, key):
        return self.solve(pieces, random.normal(key, (AT_ONCE, self.tokens)))

    def draw(self):
        self.keys, key = random.split(self.keys)
        self.whole_drawing(self.pieces, key).block_until_ready()
        return AT_ONCE

    def named(self, parameters):
        pieces, start = {}, 0
        for name, piece in self.pieces.items():
            pieces[name] = jnp.array(parameters[start : start + piece.size]).reshape(piece.shape)
            start += piece.size
        return pieces

    def score(self, parameters, level, **batch):
        batch = {name: jnp.array(numbers).reshape(-1, self.tokens) for name, numbers in batch.items()}
        loss = jax.jit(jax.value_and_grad(self.loss))
        loss, gradient = loss(self.named(parameters), level=jnp.array(level), **batch)
        flat = np.concatenate([np.asarray(gradient[name]).ravel() for name in self.pieces])
        return {"loss": float(loss), "gradient": flat.tolist()}

    def draw_from(self, parameters, noise):
        noise = jnp.array(noise, jnp.float32).reshape(-1, self.tokens)
        draws = jax.jit(self.solve)(self.named(parameters), noise)
        return {"draws": np.asarray(draws).ravel().tolist()}
