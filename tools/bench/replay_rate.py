"""e. Replay: a day of the sample feed, crowded, through the real terminal on the image reader, one core.

Journals go to memory (/dev/shm) where there is such a folder, so that the disk's flush is not in it. The rate counts
the whole day: drawing riders, issuing their cards, every tap, and the count of every yen at the end.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time

from farebox.machine import CompiledMachine, StateMachine, TransitionsMachine
from sim.bench import ImageBench
from sim.replay import SeenTap, VehicleDay, add, fleet_for
from tools.bench.bus import DAY, duty
from tools.bench.measure import Effort, Figure, Row, in_turns, medians, ratio
from tools.bench.peers.by_the_book import Service
from tools.bench.peers.event_loop import Trip, environment, run_day

RIDERS = 50
"""A trip, on average: enough that taps outweigh trips."""
SEED = 1
_MEMORY = Path("/dev/shm")
_TRANSITIONS_LEAST, _COMPILED_LEAST, _PEER_LEAST = 12_000, 60_000, 4.0


def rows(effort: Effort) -> list[Row]:
    """The two machines beside the peer, and whether they wrote the same."""
    rounds = max(2, effort.rounds // 2 + 1)
    make, peer_name = environment()
    vehicles = peer_fleet()
    journals: dict[str, dict[str, bytes]] = {}

    def ours(name: str, machine: Callable[[], StateMachine]) -> Callable[[], list[float]]:
        def run() -> list[float]:
            rate, journals[name] = replay(machine)
            return [rate]

        return run

    def peer() -> list[float]:
        began = process_time()
        return [len(run_day(make, vehicles, Random(SEED))) / (process_time() - began)]

    rates = in_turns(
        {"transitions": ours("transitions", TransitionsMachine), "compiled": ours("compiled", CompiledMachine)}
        | {"peer": peer},
        rounds,
    )
    per_round = {name: medians(found) for name, found in rates.items()}
    slow, fast, theirs = (sorted(per_round[name])[rounds // 2] for name in ("transitions", "compiled", "peer"))
    beside = ratio(per_round["compiled"], per_round["peer"])
    against = (Figure(theirs, "taps/s"), peer_name)
    same = journals["transitions"] == journals["compiled"]
    return [
        Row(
            *("e", "replay, through transitions", f">= {_TRANSITIONS_LEAST:,} taps/s", Figure(slow, "taps/s")),
            *(slow >= _TRANSITIONS_LEAST, *against, ratio(per_round["transitions"], per_round["peer"])),
        ),
        Row(
            *("e", "replay, compiled table", f">= {_COMPILED_LEAST:,} taps/s", Figure(fast, "taps/s")),
            *(fast >= _COMPILED_LEAST, *against, beside),
        ),
        Row(
            *("e", "replay, compiled table beside the peer", f">= {_PEER_LEAST} x", Figure(fast, "taps/s")),
            *(beside.median >= _PEER_LEAST, *against, beside),
        ),
        Row("e", "journals that differ between the machines", "0", Figure(0 if same else 1), same),
    ]


def replay(machine: Callable[[], StateMachine]) -> tuple[float, dict[str, bytes]]:
    """Taps a second of CPU, and the journals by name. AssertionError if a yen is missing in the end."""
    seen: list[SeenTap] = []
    with TemporaryDirectory(prefix="farebox-bench-", dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        folder = Path(name)
        began = process_time()
        total = add(
            VehicleDay(
                *(duty(), vehicle, DAY, ImageBench(), folder, SEED, seen.append), mean_riders=RIDERS, machine=machine
            ).run()
            for vehicle in fleet_for(duty(), DAY)
        )
        rate = len(seen) / (process_time() - began)
        assert total.reconciles
        return rate, {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.segment")}


def peer_fleet() -> list[list[Trip]]:
    """The same vehicles and trips for the peer, with as many riders."""
    return [
        [
            Trip(Service(duty().feed.fare_table(trip.pattern_id), trip.number, DAY, 0), trip.arrivals_s, RIDERS)
            for trip in vehicle.trips
        ]
        for vehicle in fleet_for(duty(), DAY)
    ]
