"""Rows as files: CSV, which needs nothing, or Parquet, which is small and typed and needs Arrow (the extra `bulk`).

The same rows give the same bytes, whatever the machine.
"""

from collections.abc import Iterable, Mapping, Sequence
from csv import DictWriter
from importlib.util import find_spec
from io import StringIO
from typing import Any, NamedTuple

from sim.ride_rows import ALL_COLUMNS, DAYS, NUMBERS, Row


class Kind(NamedTuple):
    """A kind of table: its columns in order; which of them are days, and which whole numbers. The others are words."""

    columns: Sequence[str]
    days: frozenset[str]
    numbers: frozenset[str]


RIDES = Kind(tuple(ALL_COLUMNS), DAYS, NUMBERS)
"""A row is a settled ride: sim/ride_rows.py."""
TAPS = Kind(
    (
        *("service_date", "at_s", "vehicle_id", "trip_id", "place", "side", "outcome", "refusal", "rule"),
        *("confirmed", "token_id", "due_yen"),
    ),
    frozenset(("service_date",)),
    frozenset(("at_s", "place", "due_yen", "confirmed")),
)
"""A row is a tap: `outcome` is boarded, settled, shown-again or refused; `confirmed` is 1 where it told that an earlier
write was done (faults 3)."""
VISITS = Kind(
    ("service_date", "vehicle_id", "trip_id", "place", "arrived_s", "left_s"),
    frozenset(("service_date",)),
    frozenset(("place", "arrived_s", "left_s")),
)
"""A row is a vehicle at a stop, in seconds since 1970."""
KINDS = {"rides": RIDES, "taps": TAPS, "visits": VISITS}


def best_suffix() -> str:
    """What tables are kept as here."""
    return ".parquet" if find_spec("pyarrow") else ".csv"


def written(kind: Kind, rows: Iterable[Row], suffix: str) -> bytes:
    """A table's bytes, as `.csv` or `.parquet`."""
    return _as_csv(kind, rows) if suffix == ".csv" else _as_parquet(kind, list(rows))


def joined(parts: Sequence[bytes], suffix: str) -> bytes:
    """Tables of one kind, one after the other; there is one at least."""
    if suffix == ".csv":
        heads = [part.partition(b"\n") for part in parts]
        return b"".join((heads[0][0], b"\n", *(rows for _, _, rows in heads)))
    import pyarrow as pa

    return _parquet(pa.concat_tables([read_parquet(part) for part in parts]))


def read_parquet(data: bytes) -> Any:
    """The Arrow table in a Parquet file's bytes."""
    import pyarrow as pa
    from pyarrow import parquet

    return parquet.read_table(pa.BufferReader(data))


def _as_csv(kind: Kind, rows: Iterable[Row]) -> bytes:
    """Every column; no value is left empty as an empty field."""
    text = StringIO()
    writer = DictWriter(text, kind.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _as_parquet(kind: Kind, rows: list[Row]) -> bytes:
    import pyarrow as pa

    types: Mapping[str, Any] = {
        **dict.fromkeys(kind.days, pa.date32()),
        **{name: pa.int64() if name.endswith("_s") else pa.int32() for name in kind.numbers},
    }
    schema = pa.schema([(name, types.get(name, pa.string())) for name in kind.columns])
    return _parquet(pa.Table.from_pylist(rows, schema))


def _parquet(table: Any) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink)
    made: bytes = sink.getvalue().to_pybytes()
    return made
