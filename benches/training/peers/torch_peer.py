"""The network in PyTorch: eager or compiled, attention written out or fused.

Parameters, gradients, moments and the average are one flat memory each, so that clipping, the optimiser (the fused one) and
the average are one pass.
"""

import math

import numpy as np
import torch
from torch.nn import functional as F

from solver import schedule

# Draws that are made at once.
AT_ONCE = 1_000


class Peer:
    def __init__(self, name, order):
        work, self.network = order["work"], order["network"]
        torch.set_num_threads(work["threads"])
        torch.manual_seed(1)
        self.fused = name.endswith("sdpa")
        self.version = torch.__version__
        self.tokens, self.batch_size = work["tokens"], work["batch"]
        self.value_frequencies = torch.tensor(self.network["value_frequencies"])
        self.level_frequencies = torch.tensor(self.network["level_frequencies"])
        mask = self.network["mask"]
        self.mask = None if mask is None else torch.tensor(mask)
        self.parameters = sum(rows * columns for _, rows, columns in self.network["pieces"])
        self.flat = torch.nn.Parameter(torch.zeros(self.parameters))
        self.flat.grad = torch.zeros(self.parameters)
        self.average = torch.zeros(self.parameters)
        self.pieces, start = {}, 0
        for piece, rows, columns in self.network["pieces"]:
            shape = (columns,) if rows == 1 else (rows, columns)
            place = slice(start, start + rows * columns)
            own = self.flat.detach()[place].view(shape).requires_grad_()
            own.grad = self.flat.grad[place].view(shape)
            with torch.no_grad():
                if piece.endswith(".gain"):
                    own.fill_(1.0)
                elif piece.endswith(".w") or piece == "id":
                    own.uniform_(-(rows**-0.5), rows**-0.5)
            self.pieces[piece], start = own, place.stop
        settings = {"lr": 2e-3, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 1e-3, "fused": True}
        self.optimiser = torch.optim.AdamW([self.flat], **settings)
        self.data = torch.randn(work["simulations"], self.tokens)
        self.known = torch.tensor([math.nan if x is None else x for x in self.network["known"]])
        self.is_known = ~self.known.isnan()
        self.schedule = torch.from_numpy(schedule(*self.network["range"]))
        compiled = torch.compile if name.startswith("compile") else lambda function: function
        self.objective, self.advance = compiled(self.loss), compiled(self.one_step)

    def linear(self, x, name):
        return torch.addmm(self.pieces[name + ".b"], x, self.pieces[name + ".w"])

    def norm(self, x, name):
        width = self.pieces[name + ".gain"].shape
        return F.layer_norm(x, width, self.pieces[name + ".gain"], self.pieces[name + ".shift"], 1e-5)

    def attend(self, x, name):
        heads, width = self.network["heads"], self.network["head_width"]
        qkv = self.linear(x, name + ".qkv").view(-1, self.tokens, 3, heads, width)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        if self.fused:
            seen = F.scaled_dot_product_attention(query, key, value, attn_mask=self.mask)
        else:
            logits = (query * width**-0.5) @ key.transpose(2, 3)
            if self.mask is not None:
                logits = logits.masked_fill(~self.mask, -math.inf)
            seen = logits.softmax(3) @ value
        return self.linear(seen.transpose(1, 2).reshape(-1, heads * width), name + ".out")

    def feed_forward(self, x, context, name):
        """A context for each sample, or one for all."""
        shift, scale = self.linear(context, name + ".modulation").unsqueeze(1).chunk(2, 2)
        x = x.view(-1, self.tokens, x.shape[1]) * (1 + scale) + shift
        return self.linear(F.gelu(self.linear(x.flatten(0, 1), name + ".up")), name + ".down")

    def outputs(self, value, given, level):
        """`value` and `given` are [samples, tokens], `level` is [samples], or [1] where it is the same."""
        angles = level[:, None] * self.level_frequencies
        context = torch.cat([angles.sin(), angles.cos()], 1)
        context = F.silu(self.linear(F.silu(self.linear(context, "level.in")), "level.out"))
        x = value.reshape(-1, 1)
        angles = x * self.value_frequencies
        features = torch.cat([x, angles.sin(), angles.cos(), given.reshape(-1, 1)], 1)
        weights = torch.cat([self.pieces["value.w"], self.pieces["given"][None]])
        width = weights.shape[1]
        h = ((features @ weights).view(-1, self.tokens, width) + self.pieces["id"]).view(-1, width)
        for layer in range(self.network["layers"]):
            block = f"block.{layer}"
            h = h + self.attend(self.norm(h, block + ".norm1"), block)
            h = h + self.feed_forward(self.norm(h, block + ".norm2"), context, block)
        return (self.norm(h, "norm") @ self.pieces["head.w"] + self.pieces["head.b"]).view(-1, self.tokens)

    def loss(self, value, given, level, target, weight):
        return (weight * (self.outputs(value, given, level) - target) ** 2).sum()

    def batch(self):
        size = (self.batch_size, self.tokens)
        mean, sd = self.network["level"]
        clean = self.data[torch.randint(len(self.data), (self.batch_size,))]
        sigma = (mean + sd * torch.randn(self.batch_size, 1)).exp()
        noisy = clean + sigma * torch.randn(size)
        given = torch.rand(size) < torch.rand(self.batch_size, 1)
        total = 1 + sigma**2
        value = torch.where(given, clean, noisy * total.rsqrt())
        target = (clean - noisy / total) * total.sqrt() / sigma
        weight = given.logical_not().float() / (self.batch_size * self.tokens)
        return value, given.float(), sigma[:, 0].log() / 4, target, weight

    def step(self):
        self.flat.grad.zero_()
        self.objective(*self.batch()).backward()
        torch.nn.utils.clip_grad_norm_([self.flat], 1.0)
        self.optimiser.step()
        self.average.lerp_(self.flat.detach(), 1e-3)
        return 1

    def one_step(self, values, first, second, row):
        """One step of the solver; returns the values and the two last denoised ones."""
        enter, skip, out, level, keep, *weights = row.unbind()
        inputs = torch.where(self.is_known, self.known, enter * values)
        outputs = self.outputs(inputs, self.is_known.float().expand_as(values), level[None])
        denoised = torch.where(self.is_known, self.known, skip * values + out * outputs)
        values = keep * values + weights[0] * denoised + weights[1] * first + weights[2] * second
        return values, denoised, first

    @torch.no_grad()
    def solve(self, noise):
        values = torch.where(self.is_known, self.known, self.network["range"][1] * noise)
        first = second = torch.zeros_like(values)
        for row in self.schedule:
            values, first, second = self.advance(values, first, second, row)
        return values

    def draw(self):
        self.solve(torch.randn(AT_ONCE, self.tokens))
        return AT_ONCE

    def set(self, parameters):
        with torch.no_grad():
            self.flat.copy_(torch.tensor(parameters))

    def score(self, parameters, level, **batch):
        self.set(parameters)
        batch = {name: torch.tensor(numbers).view(-1, self.tokens) for name, numbers in batch.items()}
        self.flat.grad.zero_()
        loss = self.objective(level=torch.tensor(level), **batch)
        loss.backward()
        return {"loss": loss.item(), "gradient": self.flat.grad.tolist()}

    def draw_from(self, parameters, noise):
        self.set(parameters)
        noise = np.array(noise, np.float32).reshape(-1, self.tokens)
        return {"draws": self.solve(torch.from_numpy(noise)).flatten().tolist()}
