"""A wound that closes: cells on a lattice divide and crawl into empty sites, at random.

    external lattice(spread, division) -> { front[t], cover[x] } = process("python3", "lattice.py") {
        depends front from spread, division
        depends cover from spread, division
        protocol "lines"
    }

The strip of tissue is 12 cells high, closed to a ring, and 40 long; its first 8 columns are full, the rest is wound.
In every hour, each cell that has an empty neighbour divides into it with the rate `division` (per hour), or crawls into
it with the rate `spread` (per hour) and leaves its own site empty.

    front[t]   the mean column of the foremost cells, in cells, every 2 h from 0 h to 48 h: 25 numbers
    cover[x]   the share of full sites at the end, for the 16 bands of 2 columns behind the first 8: 16 numbers

It needs Python 3.9 and nothing else, and about 2 ms a draw.
"""

from math import exp
from random import Random

from sbi_worker import serve

HEIGHT, LENGTH, START, HOURS = 12, 40, 8, 48
SITES = HEIGHT * LENGTH

# The tissue is one whole number, with a bit for each site that is full: bit `column * HEIGHT + row`.
COLUMN = (1 << HEIGHT) - 1
ROWS = [sum(1 << (column * HEIGHT + row) for column in range(LENGTH)) for row in range(HEIGHT)]
BANDS = [(COLUMN | COLUMN << HEIGHT) << band * HEIGHT for band in range(START, LENGTH, 2)]


def neighbours(site):
    """The sites beside, above and below this one."""
    column, row = divmod(site, HEIGHT)
    sites = [column * HEIGHT + (row + 1) % HEIGHT, column * HEIGHT + (row - 1) % HEIGHT]
    if column > 0:
        sites.append(site - HEIGHT)
    if column < LENGTH - 1:
        sites.append(site + HEIGHT)
    return sites


NEIGHBOURS = [neighbours(site) for site in range(SITES)]


def at_the_edge(tissue):
    """The cells that have an empty neighbour, in their order."""
    above = tissue << 1 & ~ROWS[0] | tissue >> (HEIGHT - 1) & ROWS[0]
    below = tissue >> 1 & ~ROWS[-1] | tissue << (HEIGHT - 1) & ROWS[-1]
    before = tissue << HEIGHT | COLUMN
    behind = tissue >> HEIGHT | COLUMN << (SITES - HEIGHT)
    edge = tissue & ~(above & below & before & behind)
    sites = []
    while edge:
        lowest = edge & -edge
        sites.append(lowest.bit_length() - 1)
        edge ^= lowest
    return sites


def hour(random, tissue, spread, division):
    """Lets every cell at the edge have its turn, once, in a random order."""
    acts = 1 - exp(-(spread + division))
    divides = division / (spread + division) if spread + division > 0 else 0
    edge = at_the_edge(tissue)
    random.shuffle(edge)
    for site in edge:
        if random.random() >= acts:
            continue
        empty = [n for n in NEIGHBOURS[site] if not tissue >> n & 1]
        if empty:
            tissue |= 1 << random.choice(empty)
            if random.random() >= divides:
                tissue ^= 1 << site
    return tissue


def front(tissue):
    """The mean over the rows of how many columns lie up to the foremost cell."""
    return sum(((tissue & row).bit_length() + HEIGHT - 1) // HEIGHT for row in ROWS) / HEIGHT


def simulate(seed, spread, division):
    if spread < 0 or division < 0:
        raise ValueError("rates are not negative")
    random = Random(seed)
    tissue = (1 << START * HEIGHT) - 1
    fronts = [front(tissue)]
    for h in range(1, HOURS + 1):
        tissue = hour(random, tissue, spread, division)
        if h % 2 == 0:
            fronts.append(front(tissue))
    cover = [bin(tissue & band).count("1") / (2 * HEIGHT) for band in BANDS]
    return {"front": fronts, "cover": cover}


if __name__ == "__main__":
    serve(simulate)
