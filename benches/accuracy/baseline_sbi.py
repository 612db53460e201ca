"""The Python package sbi (0.27.0) on four tasks of sbibm: what `accuracy --race` races against.

Usage: baseline_sbi.py TASK [--simulations N] [--seed N] [--observations 1,2,…] [--threads N] [--draws FILE.csv]
Needs: pip install sbi==0.27.0, and SBIBM_DATA, the folder benches/data/sbibm.

NPE with the package's neural spline flow and its default settings. The last line printed is one JSON object: seconds
of training, seconds of drawing, and the package's own C2ST (a random forest) for each observation. Simulating and
starting Python are not counted. `--draws` writes the draws for the last observation and leaves scoring to others.
"""

import argparse
import bz2
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from sbi.inference import NPE
from sbi.utils import BoxUniform
from sbi.utils.metrics import c2st
from torch.distributions import MultivariateNormal


def two_moons(theta):
    angle = torch.pi * (torch.rand(len(theta)) - 0.5)
    radius = 0.1 + 0.01 * torch.randn(len(theta))
    crescent = torch.stack([radius * torch.cos(angle) + 0.25, radius * torch.sin(angle)], 1)
    moved = torch.stack([-(theta[:, 0] + theta[:, 1]).abs(), theta[:, 1] - theta[:, 0]], 1)
    return crescent + moved / 2**0.5


def slcp(theta):
    noise = torch.randn(len(theta), 4, 2)
    sd_1, sd_2 = theta[:, 2:3] ** 2, theta[:, 3:4] ** 2
    rho = torch.tanh(theta[:, 4:5])
    x_1 = theta[:, 0:1] + sd_1 * noise[..., 0]
    x_2 = theta[:, 1:2] + sd_2 * (rho * noise[..., 0] + (1 - rho**2).sqrt() * noise[..., 1])
    return torch.stack([x_1, x_2], -1).reshape(len(theta), 8)


def gaussian_linear(theta):
    return theta + 0.1**0.5 * torch.randn_like(theta)


def gaussian_mixture(theta):
    sd = torch.where(torch.rand(len(theta), 1) < 0.5, 1.0, 0.1)
    return theta + sd * torch.randn_like(theta)


def box(bound, size):
    return BoxUniform(-bound * torch.ones(size), bound * torch.ones(size))


TASKS = {
    "two_moons": (box(1, 2), two_moons),
    "slcp": (box(3, 5), slcp),
    "gaussian_linear": (MultivariateNormal(torch.zeros(10), 0.1 * torch.eye(10)), gaussian_linear),
    "gaussian_mixture": (box(10, 2), gaussian_mixture),
}


def read(task, observation, name):
    path = Path(os.environ["SBIBM_DATA"]) / task / str(observation) / name
    opened = bz2.open(path) if path.suffix == ".bz2" else open(path)
    with opened as file:
        return torch.tensor(np.loadtxt(file, delimiter=",", skiprows=1, ndmin=2), dtype=torch.float32)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--simulations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--observations", default="1,2,3,4,5")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--count", type=int, default=10_000, help="draws for each observation")
    parser.add_argument("--draws", type=Path)
    chosen = parser.parse_args()

    torch.set_num_threads(chosen.threads)
    torch.manual_seed(chosen.seed)
    np.random.seed(chosen.seed)
    prior, simulate = TASKS[chosen.task]
    theta = prior.sample((chosen.simulations,))
    x = simulate(theta)

    start = time.time()
    inference = NPE(prior=prior, density_estimator="nsf")
    inference.append_simulations(theta, x).train()
    posterior = inference.build_posterior()
    train_s = time.time() - start

    sample_s, scores = 0.0, {}
    for observation in chosen.observations.split(","):
        observed = read(chosen.task, observation, "observation.csv")[0]
        start = time.time()
        draws = posterior.sample((chosen.count,), x=observed, show_progress_bars=False)
        sample_s += time.time() - start
        if chosen.draws is None:
            reference = read(chosen.task, observation, "reference_posterior_samples.csv.bz2")
            scores[observation] = round(float(c2st(reference[: chosen.count], draws)), 4)
    if chosen.draws is not None:
        header = ",".join(f"parameter_{i + 1}" for i in range(draws.shape[1]))
        np.savetxt(chosen.draws, draws.numpy(), delimiter=",", header=header, comments="")
    print(flush=True)
    print(json.dumps({"task": chosen.task, "train_s": train_s, "sample_s": sample_s, "c2st": scores}))


if __name__ == "__main__":
    main()
