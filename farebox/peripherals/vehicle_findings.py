"""What the doctor says of a vehicle's inputs: what was heard of them in a few seconds, and what to do. Pure but for
`heard_within`, whose clock and pause are arguments.
"""

from collections.abc import Callable, Sequence

from farebox.peripherals.finding import Finding, Level
from farebox.peripherals.vehicle import (
    DoorClosed,
    DoorOpened,
    Heard,
    Position,
    PositionLost,
    Speed,
    Stopped,
    VehicleFault,
    VehicleInput,
)
from farebox.position import Way, unclear

_PAUSE_S = 0.1


def heard_within(
    source: VehicleInput, for_s: float, clock: Callable[[], float], pause: Callable[[float], None]
) -> tuple[Heard, ...]:
    """Listen for some seconds; less, if the source fails."""
    heard: list[Heard] = []
    until_s = clock() + for_s
    while clock() < until_s:
        heard += source.poll()
        if any(isinstance(event, VehicleFault) for event in heard):
            break
        pause(_PAUSE_S)
    return tuple(heard)


def gps_judged(path: str, heard: Sequence[Heard]) -> Finding:
    """A GPS receiver, by what came of it. A receiver that was just switched on may take a minute to find satellites."""
    for event in heard:
        if isinstance(event, VehicleFault):
            return Finding(
                Level.FAIL,
                "gps-not-there",
                path,
                (f"開けません（{event.what}）", f"can't be opened ({event.what})"),
                (
                    "ケーブルと名前を確かめ、ユーザーをグループ dialout に加えてください",
                    "look at its cable and name, and put the user into the group dialout",
                ),
            )
    last = next((event for event in reversed(heard) if isinstance(event, (Position, PositionLost))), None)
    match last:
        case Position(place=place):
            where = f"{place.lat_deg:.4f}, {place.lon_deg:.4f}"
            return Finding(Level.OK, "gps-knows-where", path, (f"現在地 {where}", f"it is at {where}"))
        case PositionLost(why="no satellites"):
            return Finding(
                Level.NOTE,
                "gps-sees-no-satellites",
                path,
                ("衛星を受信していません", "it sees no satellites"),
                ("空の見える所で1分待ってください", "wait a minute where it sees the sky"),
            )
    why = last.why if last else "nothing came"
    return Finding(
        Level.FAIL,
        "gps-silent",
        path,
        (f"位置が届きません（{why}）", f"it tells no place ({why})"),
        (
            "通信速度（多くは 9600 か 38400）と配線（TX と RX）を確かめてください",
            "look at the speed of the line (mostly 9600 or 38400) and at its wires (TX to RX)",
        ),
    )


def pins_judged(heard: Sequence[Heard]) -> tuple[Finding, ...]:
    """Door contact and speed signal, by what they tell while the vehicle stands still."""
    for event in heard:
        if isinstance(event, VehicleFault):
            text = (f"{event.source} を使えません（{event.what}）", f"{event.source} can't be used ({event.what})")
            fix = ("docs/peripherals.md の配線表を確かめてください", "compare the wiring table of docs/peripherals.md")
            return (Finding(Level.FAIL, "pins-not-usable", event.source, text, fix),)
    doors = [event for event in heard if isinstance(event, (DoorOpened, DoorClosed))]
    speeds = [event for event in heard if isinstance(event, (Speed, Stopped))]
    return (*_door(doors), *_wheels(speeds))


def _door(doors: Sequence[DoorOpened | DoorClosed]) -> tuple[Finding, ...]:
    if not doors:
        return (Finding(Level.NOTE, "no-door-contact", "door", ("扉の信号なし", "no door contact is wired")),)
    text = (
        ("扉は開いています", "a door is open")
        if isinstance(doors[-1], DoorOpened)
        else ("扉は閉まっています", "doors closed")
    )
    fix = (
        "実際と逆なら door_open_when_closed を変えてください",
        "if it is the other way round, change door_open_when_closed",
    )
    return (Finding(Level.OK, "door-contact", "door", text, fix),)


def _wheels(speeds: Sequence[Speed | Stopped]) -> tuple[Finding, ...]:
    if not speeds:
        return (Finding(Level.NOTE, "no-speed-signal", "wheels", ("車速信号なし", "no speed signal came")),)
    last = speeds[-1]
    kmh = last.kmh if isinstance(last, Speed) else 0.0
    fix = (
        "速度計と比べ、違えば pulses_per_km を変えてください",
        "compare the speedometer; if it differs, change pulses_per_km",
    )
    return (Finding(Level.OK, "speed-signal", "wheels", (f"時速 {kmh:.0f} km", f"{kmh:.0f} km/h"), fix),)


def way_judged(way: Way, stop_names: Sequence[str]) -> tuple[Finding, ...]:
    """The stops of a pattern that the driver will have to key, one finding each."""
    findings = []
    for stop in unclear(way):
        name = stop_names[stop.stop_index]
        text = (f"{name} の位置が路線データにありません", f"the feed does not say where {name} is")
        if stop.near is not None:
            near = stop_names[stop.near]
            text = (f"{name} は {near} と同じ場所です", f"{name} is at the same place as {near}")
        fix = ("着いたら乗務員が停留所を進めてください", "the driver steps on by hand there")
        findings.append(Finding(Level.NOTE, "stop-unclear", name, text, fix))
    return tuple(findings)
