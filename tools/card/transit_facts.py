"""What a transit card holds, as JSON and as rows of a table for machines. Codes are hex; names are beside them."""

from cardimage.transit import codes
from cardimage.transit.balance import attributes_of, balance_of, edy_yen
from cardimage.transit.codes import Name, process_name
from cardimage.transit.fields import Station
from cardimage.transit.gates import Gate, decode_gate
from cardimage.transit.history import Merged, Use
from cardimage.transit.rows import Bus, Goods, Place, Rail
from cardimage.transit.services import GATES, suica_blocks
from farebox.words import Language, say
from tools.card.bench_facts import Facts


def gates_of(merged: Merged) -> list[Gate]:
    """The gate records of the newest recording, newest first."""
    blocks = suica_blocks(merged.newest.image, GATES)
    return [gate for number in sorted(blocks) if (gate := decode_gate(blocks[number])) is not None]


def transit_facts(merged: Merged) -> Facts:
    """Balance, history, gates of one card."""
    image, history = merged.newest.image, merged.history
    balance, attributes, edy = balance_of(image), attributes_of(image), edy_yen(image)
    return {
        "balance_yen": edy if balance.yen is None else balance.yen,
        "balance_by": {**balance._asdict(), "edy_yen": edy},
        "balance_disputed": balance.is_disputed,
        "update": attributes.update if attributes else None,
        "history": [_use_facts(use) for use in history.uses],
        "gaps": [list(gap) for gap in history.gaps],
        "conflicts": [conflict.sequence for conflict in history.conflicts],
        "gates": [_gate_facts(gate) for gate in gates_of(merged)],
    }


def _use_facts(use: Use) -> Facts:
    row = use.row
    return {
        "sequence": row.sequence,
        "date": row.day.isoformat() if row.day else None,
        "terminal": _coded(row.terminal, codes.TERMINALS.get(row.terminal)),
        "process": _coded(row.process, process_name(row.process)),
        "payment": code_text(row.payment),
        "entry_exit": _coded(row.entry_exit, codes.ENTRIES_AND_EXITS.get(row.entry_exit)),
        "place": _place_facts(row.place),
        "regions": list(row.regions),
        "amount_yen": use.amount.yen if use.amount else None,
        "amount_spans_several": use.amount.spans if use.amount else None,
        "balance_yen": row.balance_yen,
        "not_as_described": list(row.troubles),
        "raw": row.raw.hex().upper(),
        "sources": list(use.sources),
    }


def code_text(code: int) -> str:
    """A code as a code."""
    return f"0x{code:02X}"


def name_or_code(code: int, name: Name | None, language: Language) -> str:
    """A code's name, marked if it is not sure; of an unknown code the code itself."""
    if name is None:
        return code_text(code)
    return say((name.ja, name.en), language) + ("" if name.is_sure else " (?)")


def _coded(code: int, name: Name | None) -> Facts:
    named = {"ja": name.ja, "en": name.en, "sure": name.is_sure} if name else {"ja": None, "en": None, "sure": False}
    return {"code": code_text(code), **named}


def _place_facts(place: Place) -> Facts:
    if isinstance(place, Rail):
        return {"kind": "rail", "entry": _station(place.entry), "exit": _station(place.exit)}
    if isinstance(place, Bus):
        return {"kind": "bus", "operator": f"{place.operator:04X}", "stop": f"{place.stop:04X}"}
    if isinstance(place, Goods):
        return {
            "kind": "goods",
            "time": place.at.isoformat() if place.at else None,
            "terminal": f"{place.terminal_id:04X}",
        }
    return {"kind": "unread", "raw": place.raw.hex().upper()}


def _station(station: Station | None) -> str | None:
    return str(station) if station else None


def _gate_facts(gate: Gate) -> Facts:
    return {
        "date": gate.day.isoformat() if gate.day else None,
        "time": gate.at.isoformat("minutes") if gate.at else None,
        "direction": "in" if gate.is_entry else "out",
        "kind": _coded(gate.kind, codes.GATE_KINDS.get(gate.kind)),
        "station": _station(gate.station),
        "device": f"{gate.device:04X}",
        "amount_yen": gate.amount_yen,
        "pass_fare_yen": gate.pass_fare_yen,
        "pass_station_or_stop": f"{gate.last_place:04X}",
        "not_as_described": list(gate.troubles),
        "raw": gate.raw.hex().upper(),
    }


def history_rows(merged: Merged, language: Language) -> list[Facts]:
    """One flat row a use, for CSV; names in the given language."""
    idm = merged.newest.image.idm.hex().upper()
    return [{"idm": idm, **_flat(use, language)} for use in merged.history.uses]


def _flat(use: Use, language: Language) -> Facts:
    row = use.row
    return {
        "sequence": row.sequence,
        "date": row.day.isoformat() if row.day else "",
        "terminal": code_text(row.terminal),
        "terminal_name": _name(codes.TERMINALS.get(row.terminal), language),
        "process": code_text(row.process),
        "process_name": _name(process_name(row.process), language),
        "payment": code_text(row.payment),
        "entry_exit": code_text(row.entry_exit),
        "entry_exit_name": _name(codes.ENTRIES_AND_EXITS.get(row.entry_exit), language),
        **dict.fromkeys(_PLACE_COLUMNS, ""),
        **_flat_place(row.place),
        "entry_region": row.regions[0],
        "exit_region": row.regions[1],
        "amount_yen": use.amount.yen if use.amount else "",
        "amount_spans_several": int(use.amount.spans) if use.amount else "",
        "balance_yen": row.balance_yen,
        "raw": row.raw.hex().upper(),
    }


_PLACE_COLUMNS = ("entry", "exit", "bus_operator", "bus_stop", "time", "shop_terminal")


def _flat_place(place: Place) -> Facts:
    if isinstance(place, Rail):
        return {"entry": place.entry or "", "exit": place.exit or ""}
    if isinstance(place, Bus):
        return {"bus_operator": f"{place.operator:04X}", "bus_stop": f"{place.stop:04X}"}
    if isinstance(place, Goods):
        return {"time": place.at or "", "shop_terminal": f"{place.terminal_id:04X}"}
    return {}


def _name(name: Name | None, language: Language) -> str:
    return name_or_code(0, name, language) if name else ""
