"""Charts as pictures, without a browser (vl-convert)."""

import vl_convert

from sim.report.charts import Spec

_SCALE = 2.0


def png_of(spec: Spec) -> bytes:
    """A chart as a PNG, fine enough for print. Letters come from the machine's own fonts."""
    made: bytes = vl_convert.vegalite_to_png(spec, scale=_SCALE)
    return made
