"""A competitor: the network of `src/infer/network/plain.rs` in PyTorch or JAX, trained or drawn from on request.

`peers.py NAME` reads an order from its standard input, prepares and says that it is ready; then it answers requests,
which are to work for some seconds, once it is warm, or to compute what is given, to be compared. Each message is a line of JSON.
"""

import json
import os
import sys
import time


def tell(message):
    print(json.dumps(message), flush=True)


def timed(work, seconds):
    """Calls `work`, which returns how much it did, until so many seconds are over."""
    began, count = time.perf_counter(), 0
    while True:
        count += work()
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            return {"count": count, "seconds": elapsed}


def main(name):
    order = json.loads(sys.stdin.readline())
    threads = str(order["work"]["threads"])
    # Libraries look at these once, when they are first imported; JAX at the last.
    os.environ.update(OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads, NPROC=threads)
    if name == "jax":
        from jax_peer import Peer
    else:
        from torch_peer import Peer
    peer = Peer(name, order)
    work = peer.step if order["task"] == "train" else peer.draw
    warm = False
    tell({"version": peer.version, "parameters": peer.parameters})
    for line in sys.stdin:
        request = json.loads(line)
        if "run" in request:
            for _ in range(0 if warm else 3):
                work()
            warm = True
            tell(timed(work, request["run"]))
        elif order["task"] == "train":
            tell(peer.score(**request["check"]))
        else:
            tell(peer.draw_from(**request["check"]))


if __name__ == "__main__":
    main(sys.argv[1])
