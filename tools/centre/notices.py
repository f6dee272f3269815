"""`farebox centre notice`: what the operator announces on the members' card list (PRT-3)."""

import json
from datetime import datetime

import click

from tools.centre.ready import centre_ready
from tools.options import json_option

_DAY = click.DateTime(["%Y-%m-%d", "%Y/%m/%d"])


@click.group()
def notice() -> None:
    """Announcements on the members' card list.

    \b
    farebox centre notice add 年末年始の運行について --text 12月31日から土日祝日ダイヤで運行します。 --until 2027-01-03
    farebox centre notice list
    farebox centre notice end 1
    """


@notice.command()
@click.argument("title")
@click.option("--text", required=True, help="What it says.")
@click.option("--title-en", default="", help="Its title in English; else members who read English see the Japanese.")
@click.option("--text-en", default="", help="What it says in English.")
@click.option("--from", "first_day", type=_DAY, help="Its first day; today if not given.")
@click.option("--until", "last_day", type=_DAY, help="Its last day; else it stands until it is ended.")
def add(
    title: str, text: str, title_en: str, text_en: str, first_day: datetime | None, last_day: datetime | None
) -> None:
    """Announce something.

    \b
    farebox centre notice add 運休のお知らせ --text 大雪のため運休します。 --title-en "No buses" --text-en "Heavy snow."
    """
    with centre_ready():
        from django.core.exceptions import ValidationError

        from centre.clock import today
        from centre.portal.models import Notice

        first = first_day.date() if first_day else today()
        if last_day is not None and last_day.date() < first:
            raise click.UsageError(f"--until {last_day.date()} is before its first day, {first}")
        made = Notice(
            title=title,
            text=text,
            title_en=title_en,
            text_en=text_en,
            first_day=first,
            last_day=last_day.date() if last_day else None,
        )
        try:
            made.full_clean()
        except ValidationError as wrong:
            told = "; ".join(f"{field}: {' '.join(texts)}" for field, texts in wrong.message_dict.items())
            raise click.UsageError(told) from None
        made.save()
    click.echo(f"notice {made.pk}: from {first}")


@notice.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """Every notice, the newest first.

    \b
    farebox centre notice list --json
    """
    with centre_ready():
        from centre.portal.models import Notice

        rows = [
            {"number": each.pk, "from": str(each.first_day), "until": str(each.last_day or ""), "title": each.title}
            for each in Notice.objects.order_by("-first_day", "-pk")
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['number']}  {row['from']} – {row['until'] or '…'}  {row['title']}")


@notice.command()
@click.argument("number", type=int)
def end(number: int) -> None:
    """Take a notice off the list.

    \b
    farebox centre notice end 1
    """
    with centre_ready():
        from centre.portal.models import Notice

        if not Notice.objects.filter(pk=number).delete()[0]:
            raise click.UsageError(f"there is no notice {number}; farebox centre notice list shows all")
    click.echo(f"notice {number}: ended")
