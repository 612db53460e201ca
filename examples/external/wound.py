"""Two dishes in which a wound closes: columns of cells hop, and divide where there is room, at random.

    external wound(spread, division, pull) -> { density[x, t], front[t] } = process("python3", "wound.py") {
        depends density from spread, division
        depends front from spread, pull
        protocol "lines"
    }

A dish is a strip of 33 columns, 25 um wide, with room for 16 cells each; the first 8 are full, and the first remains so.
In a step, a cell hops into the next column with a probability that makes `spread` its diffusion (um^2/h), if there is
room. In the first dish a cell divides with the rate `division` (per hour), if there is room. In the second, cells are
kept from dividing, and a cable at the edge pulls them: of hops, the share (1 + `pull`) / 2 goes into the wound.

    density[x, t]   how full each column of the first dish is, every 2 h from 0 h to 48 h: 33 lists of 25 numbers
    front[t]        how far the cells of the second dish would reach if they filled their columns, in um: 25 numbers

It needs Python 3.9 and nothing else, and about 70 ms a draw.
"""

from math import ceil
from random import Random

from sbi_worker import serve

COLUMNS, ROOM, START, HOURS = 33, 16, 8, 48
WIDTH = 25  # um


def binomial(random, n, probability):
    return sum(random.random() < probability for _ in range(n))


def step(random, cells, right, left, divides, forward):
    """Lets the columns have their turn, from the wound to the other end or back: each cell hops or divides at most once."""
    columns = range(COLUMNS)
    for x in columns if forward else reversed(columns):
        for target, probability in ((x + 1, right), (x - 1, left), (x, divides)):
            if cells[x] and probability and 0 <= target < COLUMNS and cells[target] < ROOM:
                free = ROOM - cells[target]
                moved = min(free, binomial(random, cells[x], probability * free / ROOM))
                cells[target] += moved
                if target != x:
                    cells[x] -= moved
    cells[0] = ROOM


def dish(random, spread, division, pull):
    """How many cells the columns have, every 2 h."""
    hops = 2 * spread / WIDTH**2
    steps = max(1, ceil(4 * max(hops, division)))
    right, left = (hops / steps * (1 + sign * pull) / 2 for sign in (1, -1))
    cells = [ROOM if x < START else 0 for x in range(COLUMNS)]
    seen = [list(cells)]
    for hour in range(1, HOURS + 1):
        for k in range(steps):
            step(random, cells, right, left, division / steps, (hour * steps + k) % 2)
        if hour % 2 == 0:
            seen.append(list(cells))
    return seen


def simulate(seed, spread, division, pull):
    if spread < 0 or division < 0 or not 0 <= pull <= 1:
        raise ValueError("rates are not negative, and `pull` lies between 0 and 1")
    # Each dish has numbers of its own, so that what happens in one changes nothing in the other.
    image = dish(Random(2 * seed), spread, division, 0)
    edge = dish(Random(2 * seed + 1), spread, 0, pull)
    density = [[cells[x] / ROOM for cells in image] for x in range(COLUMNS)]
    return {"density": density, "front": [WIDTH * sum(cells) / ROOM for cells in edge]}


if __name__ == "__main__":
    serve(simulate)
