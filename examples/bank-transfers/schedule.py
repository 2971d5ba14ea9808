"""Which faults a run must survive: a pure function of the seed, so that one number replays a run."""
import collections
import random

KINDS = ("app-kill", "pod-kill", "redis-kill", "pause")
PODS = ("ledger-1", "ledger-2")
FIRST, LAST = 0.05, 0.80  # The part of the transfers over which the faults are spread.
PAUSES_UNTIL = 0.5  # Pauses come while much waits, so that whoever takes over does not finish before the paused one wakes.
TRANSFERS_A_FAULT = 50  # At least; fewer would be done before the last fault.
SECONDS_A_FAULT = 3  # How long the run is stretched, so that the faults find work to hit.
CONCURRENT_CALLS = 8  # What a sidecar that dispatches concurrently has under way on each subscription, about.
LEAST_THINK_MS = 150  # Else whoever takes over from a paused pod is done with everything before that wakes.

# What happens, to whom, and after how many applied transfers. A time is never part of it.
Fault = collections.namedtuple("Fault", "number after kind target")


def faults(seed, count, transfers):
    """As many faults, spread over the transfers; each kind at least once from four on."""
    chance = random.Random(f"faults of {seed}")
    order = kinds(chance, count)
    found = []
    for slot, kind in enumerate(order):
        share = FIRST + (LAST - FIRST) * (slot + chance.random()) / count
        target = "redis" if kind == "redis-kill" else chance.choice(PODS)
        found.append(Fault(slot + 1, int(share * transfers), kind, target))
    return found


def kinds(chance, count):
    """The kinds in turn, dealt at random, with all pauses in the earlier part."""
    deck = [kind for _ in range(0, count, len(KINDS)) for kind in chance.sample(KINDS, len(KINDS))][:count]
    pauses = deck.count("pause")
    others = [kind for kind in deck if kind != "pause"]
    chance.shuffle(others)
    early = max(pauses, round(count * (PAUSES_UNTIL - FIRST) / (LAST - FIRST)))
    slots = set(chance.sample(range(early), pauses))
    return ["pause" if slot in slots else others.pop() for slot in range(count)]


def think_milliseconds(count, transfers, handlers):
    """How long a handler takes for a transfer, so that the run lasts for its faults however fast the machine is."""
    return max(LEAST_THINK_MS, round(1000 * SECONDS_A_FAULT * count * handlers / transfers)) if count else 0


def last_pause(transfers, concurrent=False):
    """After how many applied transfers a pod may still be paused, so that the other has its own to do when it takes over. It is not told
    by how many wait: on a busy machine the teller is no faster than the ledger, and few ever do."""
    return transfers - (transfers // 10 if concurrent else min(400, transfers * 2 // 5))


def lines(planned):
    return [f"  {fault.number:>3}   after {fault.after:>7,} applied transfers   {fault.kind:<10}   {fault.target}" for fault in planned]
