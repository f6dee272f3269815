"""`farebox centre vehicle`, `segments` and `import-stick`: who may send what, what is missing, and sticks."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tariff.calendar import clock_in_japan, day_in_japan
from tools.centre.ready import centre_ready
from tools.exits import CheckFailed
from tools.options import FILE, json_option

if TYPE_CHECKING:
    from centre.collector.models import Vehicle

_KEY = click.option(
    *("--sealing-key", "keys"),
    multiple=True,
    help="Public half of its sealing key, 64 hex digits: farebox journal public-key.",
)


@click.group()
def vehicle() -> None:
    """The vehicles that may send segments here, and their tokens.

    \b
    farebox centre vehicle add BUS-7 --sealing-key "$(farebox journal public-key --sealing-key sealing.key)"
    farebox centre vehicle list
    """


@vehicle.command(short_help="Register a vehicle; prints its token, once.")
@click.argument("terminal_id")
@_KEY
@click.option("--token-file", type=FILE, help="Write the token there (mode 0600) instead of printing it.")
def add(terminal_id: str, keys: tuple[str, ...], token_file: Path | None) -> None:
    """Register a vehicle by its terminal's id, with its sealing keys. Its token is told now and never again.

    \b
    farebox centre vehicle add BUS-7 --sealing-key 3b6a…  --token-file BUS-7.token
    """
    with _told():
        from centre.collector.vehicles import add_vehicle

        _hand_over(lambda: add_vehicle(terminal_id, [key.split()[0] for key in keys if key.split()]), token_file)


@vehicle.command(short_help="Tell of one more sealing key of a vehicle.")
@click.argument("terminal_id")
@click.argument("public_key")
def key(terminal_id: str, public_key: str) -> None:
    """Tell of one more sealing key: the earlier ones stay, for what they have sealed.

    \b
    farebox centre vehicle key BUS-7 3b6a…
    """
    with _told():
        from centre.collector.vehicles import add_key

        add_key(_vehicle(terminal_id), public_key)
        click.echo(f"{terminal_id}: the key is known; what waited for it comes with the next exchange")


@vehicle.command(short_help="Give a vehicle another token; the one before holds no more.")
@click.argument("terminal_id")
@click.option("--token-file", type=FILE, help="Write the token there (mode 0600) instead of printing it.")
def token(terminal_id: str, token_file: Path | None) -> None:
    """Give a vehicle another token. It is told now and never again.

    \b
    farebox centre vehicle token BUS-7
    """
    with _told():
        from centre.collector.vehicles import new_token

        _hand_over(lambda: new_token(_vehicle(terminal_id)), token_file)


@vehicle.command(short_help="Withdraw a vehicle's token.")
@click.argument("terminal_id")
def withdraw(terminal_id: str) -> None:
    """Withdraw a vehicle's token: whoever has it is refused from now on. What was held stays.

    \b
    farebox centre vehicle withdraw BUS-7
    """
    with _told():
        from centre.collector import vehicles

        vehicles.withdraw(_vehicle(terminal_id))
        click.echo(f"{terminal_id}: withdrawn; farebox centre vehicle token gives it another")


@vehicle.command(name="list", short_help="All vehicles, when they were heard, and what is missing of them.")
@json_option
def listed(as_json: bool) -> None:
    """All vehicles: when they last told how they stand, how many segments are held, which are missing.

    \b
    farebox centre vehicle list --json
    """
    with _told():
        from centre.collector.models import Vehicle

        for one in Vehicle.objects.order_by("terminal_id"):
            facts = _facts(one)
            click.echo(json.dumps(facts, ensure_ascii=False) if as_json else _line(one, facts))


def _facts(one: "Vehicle") -> dict[str, object]:
    from centre.collector.gaps import gaps

    states = Counter(one.segments.values_list("state", flat=True))
    return {
        "terminal_id": one.terminal_id,
        "enabled": one.enabled,
        "heard_at_s": one.heard_at_s,
        "software": one.software,
        "segments": dict(states),
        "missing": [gap._asdict() for gap in gaps(one)],
        "set_aside": one.set_aside.count(),
    }


def _line(one: "Vehicle", facts: dict[str, object]) -> str:
    heard = f"{day_in_japan(one.heard_at_s)} {clock_in_japan(one.heard_at_s)}" if one.heard_at_s else "never"
    segments, missing = facts["segments"], facts["missing"]
    assert isinstance(segments, dict) and isinstance(missing, list)
    said = [f"heard {heard}", *(f"{count} {state}" for state, count in sorted(segments.items()))]
    said += [f"missing {gap['first_number']} to {gap['last_number']}" for gap in missing]
    said += [f"{facts['set_aside']} refused and set aside"] if facts["set_aside"] else []
    said += [] if one.enabled else ["token withdrawn"]
    return f"{one.terminal_id}: {', '.join(said)}"


@click.group()
def segments() -> None:
    """Segments that a person must look at: quarantined ones, and gaps.

    \b
    farebox centre segments doubtful
    farebox centre segments give-up BUS-7 12 13
    """


@segments.command(short_help="Those that are quarantined or can't be booked, and why.")
@json_option
def doubtful(as_json: bool) -> None:
    """Segments that are held, and that nothing is booked of until a person has looked, each with the reason.

    \b
    farebox centre segments doubtful
    """
    with _told():
        from centre.collector.models import Segment, State

        found = Segment.objects.exclude(why="", state=State.WAITING).exclude(state=State.BOOKED)
        for one in found.select_related("vehicle").order_by("vehicle__terminal_id", "number", "pk"):
            facts = {
                "terminal_id": one.vehicle.terminal_id,
                **{name: getattr(one, name) for name in ("number", "digest", "state", "why", "booked_at_s")},
            }
            line = f"{one.vehicle.terminal_id} {one.number} {one.digest}: {one.state}, {one.why}"
            click.echo(json.dumps(facts, ensure_ascii=False) if as_json else line)


@segments.command(short_help="Of two under one number, this is the true one.")
@click.argument("terminal_id")
@click.argument("digest")
def release(terminal_id: str, digest: str) -> None:
    """Say that a quarantined segment is the true one of its number: what comes after it is booked again.

    \b
    farebox centre segments release BUS-7 3f0c…
    """
    with _told():
        from centre.collector.deciding import release
        from centre.collector.models import Segment

        found = Segment.objects.filter(vehicle=_vehicle(terminal_id), digest=digest).first()
        if found is None:
            raise click.UsageError(f"no segment of {terminal_id} has the digest {digest}")
        release(found)
        click.echo(f"{terminal_id} {found.number}: {found.why}")


@segments.command(name="give-up", short_help="These segments won't come any more.")
@click.argument("terminal_id")
@click.argument("numbers", type=click.IntRange(1, (1 << 63) - 1), nargs=-1, required=True)
def give_up(terminal_id: str, numbers: tuple[int, ...]) -> None:
    """Say that segments won't come: their disk is gone. What waits for them is booked without.

    \b
    farebox centre segments give-up BUS-7 12 13
    """
    with _told():
        from centre.clock import now_s
        from centre.collector.deciding import give_up
        from centre.collector.deriving import derive

        give_up(_vehicle(terminal_id), numbers)
        click.echo(f"{terminal_id}: {derive(_vehicle(terminal_id), now_s())} segments booked")


@click.command(name="import-stick")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def import_stick(folder: Path, as_json: bool) -> None:
    """Take in what `farebox journal export` wrote on a stick. Exits 1 if a file was refused; all others are held.

    The stick is not changed; a stick that is imported twice has its effect once.

    \b
    farebox centre import-stick /media/stick
    """
    with _told():
        from centre.clock import now_s
        from centre.collector.stick import REFUSED, import_folder

        count = Counter[str]()
        for one in import_folder(folder, now_s()):
            count[one.what] += 1
            why = f": {one.code} ({one.detail})" if one.code else ""
            facts = {"file": str(one.path), "what": one.what, "code": one.code, "detail": one.detail}
            click.echo(json.dumps(facts, ensure_ascii=False) if as_json else f"{one.path}: {one.what}{why}")
    if not count:
        raise CheckFailed(f"{folder}: no segments there; give the folder that farebox journal export --to was given")
    if count[REFUSED]:
        raise CheckFailed(f"{folder}: {count[REFUSED]} of {count.total()} files refused; each says why")


@contextmanager
def _told() -> Iterator[None]:
    """What a person asked for wrongly is told as such."""
    with centre_ready():
        from centre.collector.vehicles import VehicleFault

        try:
            yield
        except VehicleFault as fault:
            raise click.UsageError(str(fault)) from None


def _vehicle(terminal_id: str) -> "Vehicle":
    from centre.collector.models import Vehicle
    from centre.collector.vehicles import VehicleFault

    found = Vehicle.objects.filter(terminal_id=terminal_id).first()
    if found is None:
        raise VehicleFault(f"no vehicle {terminal_id!r}; see farebox centre vehicle list")
    return found


def _hand_over(make: Callable[[], str], token_file: Path | None) -> None:
    """The token goes to whoever asked, and nowhere else; where it can't be written, none is made."""
    if token_file is None:
        click.echo(make())
        return
    token_file.touch(mode=0o600, exist_ok=False)
    try:
        token_file.write_text(f"{make()}\n", encoding="ascii")
    except BaseException:
        token_file.unlink()
        raise
    click.echo(f"{token_file}: the token; it belongs into the vehicle's exchange.token, and is told nowhere else")
