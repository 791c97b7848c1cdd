"""What the peers share: the networks of benchmarks/nets.hpp, the way of timing, and the JSON lines they print."""
import contextlib
import json
import statistics
import sys
import time

# name, widths of linear layers with relu between them, batch, loss
NETS = [
    ("10-6-3-1, batch 32", [10, 6, 3, 1], 32, "bce_with_logits"),
    ("30-64-32-1, batch 32", [30, 64, 32, 1], 32, "bce_with_logits"),
    ("784-512-256-10, batch 128", [784, 512, 256, 10], 128, "cross_entropy"),
    ("1024x3-10, batch 512", [1024, 1024, 1024, 1024, 10], 512, "cross_entropy"),
    ("20 layers of 64, batch 64", [64] * 21, 64, "mse"),
]
# Of benchmarks/explain.cpp: name, widths, rows explained in one call.
EXPLAINED = [
    ("10-6-3-1", [10, 6, 3, 1], 100),
    ("30-64-32-1", [30, 64, 32, 1], 100),
    ("784-512-256-10", [784, 512, 256, 10], 10),
]
FIT = "fit of the tutorial, 100 epochs"

QUICK = "--quick" in sys.argv


def emit(**line):
    print(json.dumps(line), flush=True)


def report(suite, case, contender, work, units=1, repetitions=5, seconds=0.15, warm_up=None):
    """Times `work()`, which returns only when it is done and does `units` pieces of work.

    `warm_up()`, a first call of `work` if there is none, is not timed. A repetition takes at least `seconds`."""
    if QUICK:
        repetitions, seconds = min(repetitions, 2), seconds / 5
    (warm_up or work)()
    calls = 1
    times = []
    while len(times) < repetitions:
        start = time.perf_counter()
        for _ in range(calls):
            work()
        elapsed = time.perf_counter() - start
        if elapsed < seconds / 2 and not times:
            calls = max(2 * calls, round(calls * seconds / elapsed))
        else:
            times.append(elapsed / calls / units)
    least = min(times)
    emit(suite=suite, case=case, contender=contender, seconds_min=least, spread=statistics.median(times) / least - 1)


@contextlib.contextmanager
def contender(suite, name):
    """What goes wrong inside is the reason why the contender is left out."""
    try:
        yield
    except Exception as error:  # whatever it is, the other contenders go on
        words = (str(error) or type(error).__name__).strip().splitlines()
        emit(suite=suite, contender=name, left_out=words[0][:200])
