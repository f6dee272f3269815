"""A picture of black and white dots, as thermal printers take it. Nothing is imported to hold one."""

from typing import NamedTuple


class Raster(NamedTuple):
    """Rows from the top, each from the left, eight dots a byte, the leftmost one highest; 1 is black."""

    width_px: int
    height_px: int
    dots: bytes
