"""A screen of text as SVG, with Japanese in it: `export_screenshot` of textual, set right.

rich gives every run of text the room of its letters, one column each; a kanji has two, and would be squeezed onto its
neighbour (rich 15.0, `Console.export_svg`). Where a run begins is right.
"""

import re
from html import unescape
from typing import Any

from rich.cells import cell_len
from textual.app import App

_RUN = re.compile(r'textLength="([\d.]+)"([^>]*)>([^<]*)</text>')


def screen_svg(app: App[Any], title: str) -> str:
    """What stands on its screen now."""
    return _with_room(app.export_screenshot(title=title))


def _with_room(svg: str) -> str:
    """Every run of text as long as the columns that it takes."""

    def longer(run: re.Match[str]) -> str:
        text = unescape(run[3])
        length = float(run[1]) / len(text) * max(cell_len(text), len(text))
        return f'textLength="{round(length, 1):g}"{run[2]}>{run[3]}</text>'

    return _RUN.sub(longer, svg)
