"""The Japanese font that slips are drawn with, subset and embedded, so that they look alike on every machine."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from struct import error as StructError

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

FONTS = (
    Path("/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf"),
    Path("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"),
)
"""Where Debian puts them (fonts-ipafont-gothic, fonts-ipaexfont-gothic). Noto's outlines are of a kind that
reportlab can't embed."""
UNKNOWN = "〓"
"""What Japanese printers set for a letter that they have not."""


class FontMissing(Exception):
    """There is no font with Japanese letters that can be embedded; says what to install."""


class Font:
    """A font, opened and known to reportlab under `name`."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        try:
            self._letters = TTFont(self.name, str(path))
        except (TTFError, OSError, StructError, ValueError, KeyError) as error:
            raise FontMissing(
                f"{path}: no font that can be embedded ({error}); install the package fonts-ipafont-gothic"
            ) from error
        pdfmetrics.registerFont(self._letters)

    def known(self, text: str) -> str:
        """The text, with 〓 for each letter that the font has not."""
        glyphs = self._letters.face.charToGlyph
        return "".join(char if char == "\n" or ord(char) in glyphs else UNKNOWN for char in text)

    def width(self, text: str, size: float) -> float:
        """Points from its left to its right."""
        return float(self._letters.stringWidth(text, size))


def font_path(fonts: Sequence[Path] = FONTS) -> Path:
    """The first of them that is there. Raises FontMissing."""
    for path in fonts:
        if path.is_file():
            return path
    raise FontMissing(f"{fonts[0]}: no such font; install the package fonts-ipafont-gothic")


@cache
def opened(path: Path) -> Font:
    """The font, read once in a process. Raises FontMissing if the file holds none that can be embedded."""
    return Font(path)
