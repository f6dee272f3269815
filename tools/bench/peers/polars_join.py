"""Fares by a join in Polars, lazily, on every core it finds. It sums Int32 in Int32 and wraps, so yen become Int64."""

from typing import Any

import polars as pl
from numpy.typing import NDArray


class PolarsJoin:
    """Rides and fares by one key, an index of place pairs."""

    name = "Polars join, all cores"

    def __init__(self, key: NDArray[Any], fares: dict[str, NDArray[Any]]) -> None:
        """Take the rides' keys; and the fares: `key`, `company`, `yen`."""
        self._rides = pl.DataFrame({"key": key})
        self._fares = pl.DataFrame(fares)

    def sums(self) -> dict[int, int]:
        """Yen by company."""
        yen = pl.col("yen").cast(pl.Int64).sum()
        joined = self._rides.lazy().join(self._fares.lazy(), on="key")
        return dict(joined.group_by("company").agg(yen).collect().rows())
