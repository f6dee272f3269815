"""A transit card on a terminal: what it is, what is on it, where it has been. Eighty columns hold it."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from cardimage.image import CardImage
from cardimage.transit import codes
from cardimage.transit.balance import Balance, attributes_of, balance_of, edy_yen
from cardimage.transit.codes import process_name
from cardimage.transit.fields import Trouble
from cardimage.transit.history import History, Merged, Use
from cardimage.transit.rows import Bus, Goods, Rail, Row
from farebox.words import Language, say
from tools.card.transit_facts import code_text, gates_of, name_or_code
from tools.tariff.view import is_rich, table

MOST_ROWS = 500
"""Of one table. A card holds 20, so this is 25 recordings of it; a file of hostile make may hold thousands, and a table
of them takes its time."""
_PLAIN_ENTRIES_AND_EXITS = frozenset({0x00, 0x02, 0x0F})
"""Those that say nothing which the process and the place do not say."""

_TROUBLES: dict[Trouble, tuple[str, str]] = {
    Trouble.DAY: ("日付が正しくない", "its day is none"),
    Trouble.TIME: ("時刻が正しくない", "its time is none"),
    Trouble.RESERVED: ("予備のバイトが0でない", "a byte that should be 0 is not"),
}


def show_transit(merged: Merged, out: Console, language: Language) -> None:
    """Balance, history, gate records, and what must be said of them."""
    for line in _balances(merged.newest.image, language):
        out.print(line, soft_wrap=True)
    _show_history(merged.history, out, language)
    _show_gates(merged, out, language)


def _balances(image: CardImage, language: Language) -> Iterator[Text]:
    balance, attributes, edy = balance_of(image), attributes_of(image), edy_yen(image)
    label = say(("残額", "balance"), language)
    if balance.yen is not None:
        update = f" · {say(('更新番号', 'update'), language)} {attributes.update}" if attributes else ""
        style = "bold red" if balance.is_disputed else "dim"
        yield _money(label, balance.yen, language).append(f"  {_witnesses(balance, language)}{update}", style=style)
    if edy is not None:
        yield _money("Edy", edy, language).append(
            say(("  サービス1317", "  by its purse, service 1317"), language), "dim"
        )
    if balance.yen is None and edy is None:
        yield Text(f"{label}  {say(('記録なし、または解読できません', 'not recorded, or not decoded'), language)}")


def _money(label: str, yen: int, language: Language) -> Text:
    return Text(f"{label}  ").append(say((f"{yen:,}円", f"{yen:,} yen"), language), style="bold green")


def _witnesses(balance: Balance, language: Language) -> str:
    """Who says so."""
    if balance.history_yen is None:
        return say(("008Bによる", "by service 008B alone"), language)
    if balance.attributes_yen is None:
        return say(("履歴による", "by the history"), language)
    if balance.is_disputed:
        said = f"{balance.attributes_yen:,}"
        return say(
            (f"履歴による・008Bは{said}円で食い違い", f"by the history; 008B says {said}: they disagree"), language
        )
    return say(("履歴による・008Bも一致", "by the history; 008B agrees"), language)


def _show_history(history: History, out: Console, language: Language) -> None:
    if not history.uses:
        out.print(say(("履歴の記録なし", "no history recorded, or none that is known"), language))
        return
    heads = say(
        ("番号\t日付\t端末・処理\t場所\t金額\t残額", "no.\tdate\tterminal · process\twhere\tyen\tbalance"), language
    )
    made = table(*heads.split("\t"), right=(0, 4, 5), rich=is_rich(out))
    made.columns[1].no_wrap = True
    shown = history.uses[:MOST_ROWS]
    for use in shown:
        row = use.row
        made.add_row(
            str(row.sequence),
            row.day.isoformat() if row.day else f"? {row.raw[4:6].hex().upper()}",
            _what(row, language),
            _where(row, language),
            _amount(use),
            f"{row.balance_yen:,}",
        )
    out.print(made)
    notes = [*_left_out(len(history.uses), language), *_notes(history, shown, language)]
    for note in notes[:MOST_ROWS]:
        out.print(Text(note, style="dim" if is_rich(out) else ""), soft_wrap=True)


def _left_out(rows: int, language: Language) -> Iterator[str]:
    """How many rows a table leaves out."""
    if rows > MOST_ROWS:
        more = f"{rows - MOST_ROWS:,}"
        yield say((f"ほか{more}件（--json にはすべて）", f"and {more} more; --json has them all"), language)


def _what(row: Row, language: Language) -> str:
    """Terminal and process, and what else is not as usual."""
    parts = [
        name_or_code(row.terminal, codes.TERMINALS.get(row.terminal), language),
        name_or_code(row.process, process_name(row.process), language),
    ]
    if row.entry_exit not in _PLAIN_ENTRIES_AND_EXITS:
        parts.append(name_or_code(row.entry_exit, codes.ENTRIES_AND_EXITS.get(row.entry_exit), language))
    if row.payment:
        parts.append(say((f"支払 {code_text(row.payment)}", f"payment {code_text(row.payment)}"), language))
    return " · ".join(parts)


def _where(row: Row, language: Language) -> str:
    place = row.place
    if isinstance(place, Rail):
        stops = [str(station) for station in place if station]
        return " ".join(filter(None, ("→".join(stops), _region(row, language)))) if stops else ""
    if isinstance(place, Bus):
        numbers = (f"{place.operator:04X}", f"{place.stop:04X}")
        said = (f"事業者{numbers[0]} 停留所{numbers[1]}", f"op. {numbers[0]} stop {numbers[1]}")
        return " ".join(filter(None, (say(said, language), _region(row, language))))
    if isinstance(place, Goods):
        shop = say((f"端末{place.terminal_id:04X}", f"till {place.terminal_id:04X}"), language)
        return f"{place.at.isoformat() if place.at else '?'} {shop}"
    return f"? {place.raw.hex(' ').upper()}"


def _region(row: Row, language: Language) -> str:
    """The regions that lines, stations and operators are numbered by, unless it is the first."""
    has_exit = isinstance(row.place, Rail) and row.place.exit is not None
    regions = dict.fromkeys(row.regions if has_exit else row.regions[:1])
    if set(regions) == {0}:
        return ""
    return "/".join(name_or_code(region, codes.REGIONS[region], language) for region in regions)


def _amount(use: Use) -> str:
    if use.amount is None:
        return ""
    return f"{use.amount.yen:+,}" + ("*" if use.amount.spans else "")


def _notes(history: History, shown: Sequence[Use], language: Language) -> Iterator[str]:
    """What a reader of the table must know."""
    oldest = shown[-1].row.sequence
    gaps = [gap for gap in history.gaps if gap.last >= oldest - 1]
    if gaps:
        numbers = ", ".join(f"{gap.first}-{gap.last}" if gap.first < gap.last else f"{gap.first}" for gap in gaps)
        yield say(
            (
                f"* 番号 {numbers} の記録がないため、複数回分の金額かもしれません",
                f"* may be of several uses: numbers {numbers} are not recorded",
            ),
            language,
        )
    for conflict in history.conflicts:
        if conflict.sequence < oldest:
            break
        sources = " / ".join(",".join(use.sources) for use in conflict.uses)
        yield say(
            (
                f"番号 {conflict.sequence} の記録が食い違っています: {sources}",
                f"different rows are numbered {conflict.sequence}: {sources}",
            ),
            language,
        )
    for use in shown:
        for trouble in use.row.troubles:
            number, raw = use.row.sequence, use.row.raw.hex(" ").upper()
            yield f"{say((f'番号 {number}', f'no. {number}'), language)}: {say(_TROUBLES[trouble], language)} · {raw}"


def _show_gates(merged: Merged, out: Console, language: Language) -> None:
    gates = gates_of(merged)
    if not gates:
        return
    heads = say(
        ("改札\t日時\t種別\t駅\t機器\t定期駅・停留所\t金額", "gate\twhen\tkind\tstation\tdevice\tpass, stop\tyen"),
        language,
    ).split("\t")
    made = table(*heads, right=(6,), rich=is_rich(out))
    for gate in gates[:MOST_ROWS]:
        day = gate.day.isoformat() if gate.day else f"? {gate.raw[6:8].hex().upper()}"
        at = gate.at.isoformat("minutes") if gate.at else f"? {gate.raw[8:10].hex().upper()}"
        made.add_row(
            say(("入", "in") if gate.is_entry else ("出", "out"), language),
            f"{day} {at}",
            name_or_code(gate.kind, codes.GATE_KINDS.get(gate.kind), language),
            str(gate.station) if gate.station else "",
            f"{gate.device:04X}",
            f"{gate.last_place:04X}" if gate.last_place else "",
            f"{gate.amount_yen:,}",
        )
    out.print(made)
    for note in _left_out(len(gates), language):
        out.print(Text(note, style="dim" if is_rich(out) else ""))
