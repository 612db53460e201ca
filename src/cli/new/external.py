"""The simulator of NAME.sbi: it is asked for one draw at a time, with its inputs and a seed of its own."""

from random import Random

from sbi_worker import serve


def simulate(seed, rate, noise):
    random = Random(seed)
    values = [random.expovariate(rate) + random.gauss(0, noise) for _ in range(50)]
    mean = sum(values) / len(values)
    spread = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
    return {"mean": mean, "spread": spread}


if __name__ == "__main__":
    serve(simulate)
