"""The solver that draws are made with, as numbers: what is the same for every library (`src/infer/multistep.rs`)."""

import numpy as np

STEPS, ORDER, RHO = 40, 3, 10.0


def levels(lowest, highest):
    share = np.arange(STEPS) / (STEPS - 1)
    first, last = highest ** (1 / RHO), lowest ** (1 / RHO)
    return (first + share * (last - first)) ** RHO


def weights(places, h):
    """Those of values at `places` in the integral of exp(t - h) p(t) over a step of h, p the polynomial through them."""
    integrals = [-np.expm1(-h)]
    for k in range(1, len(places)):
        integrals.append(h**k - k * integrals[-1])
    found = []
    for own, place in enumerate(places):
        others = [other for number, other in enumerate(places) if number != own]
        polynomial = np.atleast_1d(np.poly(others))[::-1] / np.prod([place - other for other in others])
        found.append(float(np.dot(polynomial, integrals)))
    return found


def schedule(lowest, highest):
    """A row for each step: c_in, c_skip, c_out, the level as the network sees it, the share of the values that is kept, and
    the weights of the last three denoised values, the newest first."""
    sigmas = levels(lowest, highest)
    rows = []
    for step, sigma in enumerate(sigmas):
        total = 1 + sigma**2
        row = [total**-0.5, 1 / total, sigma * total**-0.5, np.log(sigma) / 4]
        if step + 1 < STEPS:
            past = [np.log(sigma) - np.log(sigmas[step - k]) for k in range(min(ORDER, step + 1))]
            own = weights(past, np.log(sigma / sigmas[step + 1]))
            row += [sigmas[step + 1] / sigma, *own, *[0.0] * (ORDER - len(own))]
        else:
            # The last denoised value is the draw.
            row += [0.0, 1.0, 0.0, 0.0]
        rows.append(row)
    return np.array(rows, np.float32)
