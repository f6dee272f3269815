"""`farebox sim`: the simulator."""

from typing import ClassVar

import click

from tools.lazy import Commands, LazyGroup


class _Commands(LazyGroup):
    commands_at: ClassVar[Commands] = {
        "replay": ("tools.replay_command:replay", "Replay a day of a feed's trips, tap by tap."),
        "positions": ("tools.positions_command:positions", "Where a replayed day's vehicles are, as GTFS-Realtime."),
        "report": ("tools.report_command:report", "Make a page, pictures and tables of a replayed day."),
        "faults": ("tools.faults_command:faults", "Days on which anything goes wrong, replayed from a seed."),
        "payments": ("tools.sandbox_command:payments", "A payment service for trials, with its pages (模擬決済)."),
        "play": ("tools.play_command:play", "Lay cards and drive by hand; watch machine, card and journal."),
    }


@click.group(cls=_Commands)
def sim() -> None:
    """Simulate the world around the fare box (模擬).

    \b
    farebox sim play --feed sample --date 2026-11-20                                          by hand
    farebox sim replay --feed sample --date 2026-11-20 --reader image --quiet --out run       a whole day
    farebox sim report run                                                                    a page of it
    """
