"""`farebox centre publish`, `hotlist` and `tariff`: what vehicles are told, from the command line."""

import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tools.centre.ready import centre_ready
from tools.exits import CheckFailed
from tools.options import FILE, json_option

if TYPE_CHECKING:
    from centre.bundles.models import TariffDraft
    from centre.users.models import User

_MOST_SHOWN = 20
_BY = click.option("--by", "email", required=True, metavar="EMAIL", help="The supervisor who does it.")
_PASSWORD = click.option(
    "--password-stdin", is_flag=True, help="Read their password from standard input; else it is asked for."
)
_IDM = click.argument("idm", metavar="IDM")


@click.command()
@click.option(
    "--restored",
    is_flag=True,
    help="The database came back from a backup by other means than restore: jump over what was given since.",
)
@click.option("--above", type=click.IntRange(1, 2**62), help="Next versions are above this: the clock was once ahead.")
@click.option("--keys", is_flag=True, help="Print what a vehicle's keys.centre holds, and publish nothing.")
@json_option
def publish(restored: bool, above: int | None, keys: bool, as_json: bool) -> None:
    """Sign what has changed since the last time, now; `farebox centre work` does so by itself.

    \b
    farebox centre publish --json
    farebox centre publish --keys > centre.pub
    farebox centre publish --restored          once, after PostgreSQL was recovered from its own archive
    """
    with centre_ready():
        from centre.bundles import publishing, services
        from centre.bundles.models import Kind
        from centre.clock import now_s
        from centre.keys import keys_file

        if keys:
            click.echo(keys_file(), nl=False)
            return
        if restored:
            numbers = services.restored(now_s())
            _say({"restored": True, "numbers": numbers}, f"{numbers} numbers of directives are jumped over", as_json)
        for kind in Kind if above is not None else ():
            publishing.raise_version(kind, above or 0)
        made = {one.kind for one in publishing.publish(now_s())}
        for kind in Kind:
            one = publishing.current(kind)
            if one is not None:
                facts = {"kind": one.kind, "version": one.version, "made_at_s": one.made_at_s, "bytes": one.length}
                told = f"{one.kind} version {one.version}, {one.length:,} bytes{', new' if one.kind in made else ''}"
                _say({**facts, "new": one.kind in made}, told, as_json)


@click.group()
def hotlist() -> None:
    """Cards that every reader refuses (GEN-11).

    \b
    farebox centre hotlist add 012E000000000001 --why "reported lost"
    farebox centre hotlist list
    farebox centre hotlist remove 012E000000000001 --why found
    """


@hotlist.command(name="add")
@_IDM
@click.option("--why", required=True, help="Why; it stands in the list.")
@json_option
def add(idm: str, why: str, as_json: bool) -> None:
    """Stop a card, from the next bundle on. One that is stopped already stays so.

    \b
    farebox centre hotlist add 012E000000000001 --why "reported lost"
    """
    with centre_ready():
        from centre.bundles.services import stop

        made = stop(_idm(idm), why)
        _say({"idm": made.idm, "since_s": made.since_s, "why": made.why}, f"{made.idm}: stopped, {made.why}", as_json)


@hotlist.command(name="remove")
@_IDM
@click.option("--why", required=True, help="Why; it stands beside the entry.")
@json_option
def remove(idm: str, why: str, as_json: bool) -> None:
    """Take a card off the list. Exits 1 if it was not on it.

    \b
    farebox centre hotlist remove 012E000000000001 --why found
    """
    with centre_ready():
        from centre.bundles.services import unstop

        if not unstop(_idm(idm), why):
            raise CheckFailed(f"{idm}: not stopped; farebox centre hotlist list shows who is")
        _say({"idm": _idm(idm), "lifted": True}, f"{_idm(idm)}: taken again", as_json)


@hotlist.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """All cards that are stopped now, the newest first.

    \b
    farebox centre hotlist list --json
    """
    with centre_ready():
        from centre.bundles.models import Stopped

        for one in Stopped.objects.filter(until_s=None).iterator():
            facts = {"idm": one.idm, "since_s": one.since_s, "why": one.why}
            _say(facts, f"{one.idm}  {one.why}", as_json)


@click.group()
def tariff() -> None:
    """Tariffs: compared with the one in force, and released by one person or by two (faults 29).

    \b
    farebox centre tariff propose lococa/2027-04-01.toml --by a@example.jp
    farebox centre tariff approve 3 --by b@example.jp
    """


@tariff.command()
@click.argument("paths", type=FILE, nargs=-1)
@click.option("--without", multiple=True, metavar="SCHEME/DAY", help="A file in force that goes, as lococa/2016-01-01.")
@click.option("--note", default="", help="What it is for.")
@_BY
@_PASSWORD
@json_option
def propose(
    paths: tuple[Path, ...], without: tuple[str, ...], note: str, email: str, password_stdin: bool, as_json: bool
) -> None:
    """Lay operator files over those in force, and see what that would change. Nothing is released by this.

    \b
    farebox centre tariff propose lococa/2027-04-01.toml --by a@example.jp --note "April 2027"

    Exits 78 with every problem of every file.
    """
    files = {str(path): path.read_bytes() for path in paths}
    with centre_ready():
        from centre.bundles import tariffs

        try:
            draft = tariffs.propose(files, _supervisor(email, password_stdin), [_place(one) for one in without], note)
        except tariffs.NotReleased as fault:
            raise CheckFailed(str(fault)) from None
        _tell(draft, as_json)


@tariff.command()
@click.argument("number", type=int)
@_BY
@_PASSWORD
@json_option
def approve(number: int, email: str, password_stdin: bool, as_json: bool) -> None:
    """Release a proposal: it is signed, and every vehicle has it after its next exchange.

    \b
    farebox centre tariff approve 3 --by b@example.jp

    Exits 1 if this person may not, and says why.
    """
    with centre_ready():
        from centre.bundles import tariffs
        from centre.bundles.models import TariffDraft

        draft = TariffDraft.objects.filter(pk=number).first()
        if draft is None:
            raise click.UsageError(f"there is no proposal {number}; farebox centre tariff list shows them")
        try:
            made = tariffs.release(draft, _supervisor(email, password_stdin))
        except tariffs.NotReleased as fault:
            raise CheckFailed(str(fault)) from None
        _say({"number": number, "version": made.version}, f"#{number}: released, version {made.version}", as_json)


@tariff.command(name="list")
@json_option
def proposals(as_json: bool) -> None:
    """What was proposed, the newest first.

    \b
    farebox centre tariff list --json
    """
    with centre_ready():
        from centre.bundles.models import TariffDraft

        for draft in TariffDraft.objects.select_related("made_by", "judged_by"):
            _say(_facts(draft), _line(draft), as_json)


def _tell(draft: "TariffDraft", as_json: bool) -> None:
    if as_json:
        for change in draft.changes:
            click.echo(json.dumps(change, ensure_ascii=False))
    else:
        for change in draft.changes[:_MOST_SHOWN]:
            size = "" if change["percent"] is None else f" ({change['percent']:+.1f} %)"
            click.echo(f"{'! ' if change['over'] else '  '}{change['what']}: {change['old']} -> {change['new']}{size}")
        if draft.changes_count > _MOST_SHOWN:
            click.echo(f"  … {draft.changes_count - _MOST_SHOWN:,} more (--json)")
    _say(_facts(draft), _line(draft), as_json)


def _facts(draft: "TariffDraft") -> Mapping[str, Any]:
    return {
        "number": draft.pk,
        "state": draft.state,
        "made_by": draft.made_by and draft.made_by.email,
        "judged_by": draft.judged_by and draft.judged_by.email,
        "changes": draft.changes_count,
        "over": draft.over_count,
        "needs_second": draft.needs_second,
        "note": draft.note,
    }


def _line(draft: "TariffDraft") -> str:
    second = "; another supervisor has to release it" if draft.needs_second and draft.state == "proposed" else ""
    return f"#{draft.pk}: {draft.state}, {draft.changes_count} changes, {draft.over_count} over the limit{second}"


def _place(text: str) -> tuple[str, date]:
    scheme, _, day = text.rpartition("/")
    try:
        return scheme, date.fromisoformat(day)
    except ValueError:
        raise click.UsageError(f"--without {text!r}: scheme and first day, as lococa/2016-01-01") from None


def _supervisor(email: str, password_stdin: bool) -> "User":
    """Who does it: whoever is at the server proves to be that person, or the two would be one."""
    from centre.users.models import User

    password = sys.stdin.readline().rstrip("\n") if password_stdin else click.prompt("Password", hide_input=True)
    found = User.objects.filter(email=email.lower(), is_active=True).first()
    if found is None or not found.check_password(password):
        raise CheckFailed(f"{email}: no such person, or not their password")
    return found


def _idm(text: str) -> str:
    from farebox.formats.bundle import IDM_BYTES

    idm = text.strip().upper()
    if len(idm) != 2 * IDM_BYTES or any(digit not in "0123456789ABCDEF" for digit in idm):
        raise click.UsageError(f"{text[:20]!r} is no IDm: {2 * IDM_BYTES} hex digits")
    return idm


def _say(facts: Mapping[str, Any], line: str, as_json: bool) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else line)
