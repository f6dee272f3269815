"""Lines of a slip -> a picture, drawn by Pillow (the extra `printer`).

Every character is drawn in its own cell of a grid, so that columns stand under each other in any font.
"""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from farebox.peripherals.finding import Finding, Level
from farebox.slips.layout import Laid, char_columns
from farebox.slips.raster import Raster

COLUMN_PX, LETTER_PX, LINE_PX = 12, 24, 30
"""At the 8 dots a millimetre of receipt printers: letters 3 mm high."""
PAPERS = {"58mm": 32, "80mm": 48}
"""Columns of the two common papers: 384 and 576 dots are printed on."""
FONTS = (
    Path("/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf"),
    Path("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"),
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
)
"""Where Debian puts Japanese fonts (fonts-ipafont-gothic, fonts-ipaexfont-gothic, fonts-noto-cjk)."""
_MARGIN_PX = 16
_RULE_PX = 2
_TRIED = "模擬残額運"

Font = ImageFont.FreeTypeFont


class FontMissing(Exception):
    """There is no font that has Japanese letters; says what to install."""


def font_path(configured: Path | None = None) -> Path:
    """The font to draw with: the one configured, or the first of FONTS. Raises FontMissing."""
    for path in (configured,) if configured else FONTS:
        if path.is_file():
            return path
    where = configured or FONTS[0]
    raise FontMissing(f"{where}: no such font; install the package fonts-ipafont-gothic, or name a font that is there")


def drawn(lines: Sequence[Laid], columns: int, font: Path) -> Raster:
    """The picture of lines that were laid out for so many columns. Raises FontMissing if the file is no font."""
    try:
        fonts = {large: ImageFont.truetype(font, LETTER_PX * (2 if large else 1)) for large in (False, True)}
    except OSError as error:
        raise FontMissing(f"{font}: no font ({error}); name another one") from error
    return drawn_with(lines, columns, fonts[False], fonts[True])


def drawn_with(lines: Sequence[Laid], columns: int, small: Font, large: Font) -> Raster:
    """As `drawn`, with fonts that are open already."""
    width, height = columns * COLUMN_PX, 2 * _MARGIN_PX + sum(map(_height_px, lines))
    image = Image.new("1", (width, height), 0)
    draw = ImageDraw.Draw(image)
    top = _MARGIN_PX
    for line in lines:
        if line.rule:
            middle = top + LINE_PX // 2
            draw.rectangle((0, middle, width - 1, middle + _RULE_PX - 1), fill=1)
        else:
            _draw_line(draw, line, top, large if line.large else small)
        top += _height_px(line)
    return Raster(width, height, image.tobytes())


def _height_px(line: Laid) -> int:
    return LINE_PX * (2 if line.large else 1)


def _draw_line(draw: ImageDraw.ImageDraw, line: Laid, top: int, font: Font) -> None:
    left, scale = 0, 2 if line.large else 1
    # On one baseline, whatever the letters' own heights.
    baseline = top + _height_px(line) * 4 // 5
    for char in line.text:
        draw.text((left, baseline), char, fill=1, font=font, anchor="ls")
        left += char_columns(char) * COLUMN_PX * scale


def png(raster: Raster) -> bytes:
    """The picture as a PNG, black on white."""
    ink = Image.frombytes("1", (raster.width_px, raster.height_px), raster.dots)
    file = io.BytesIO()
    ink.point(lambda dot: 255 - dot).save(file, "PNG")
    return file.getvalue()


def font_found(configured: Path | None = None) -> Finding:
    """For the doctor: is there a font for the slips, and has it Japanese letters?"""
    try:
        path = font_path(configured)
        font = ImageFont.truetype(path, LETTER_PX)
    except (FontMissing, OSError) as error:
        return _no_font(("日本語の書体がありません", f"no Japanese font ({error})"))
    if not has_japanese(font):
        return _no_font((f"{path} に日本語の文字がありません", f"{path} has no Japanese letters"))
    return Finding(Level.OK, "font", "printer", (f"書体 {path}", f"font {path}"))


def _no_font(text: tuple[str, str]) -> Finding:
    fix = ("$ sudo apt install fonts-ipafont-gothic", "$ sudo apt install fonts-ipafont-gothic")
    return Finding(Level.FAIL, "no-font", "printer", text, fix)


def has_japanese(font: Font) -> bool:
    """Whether letters of it differ from each other: those that a font lacks all look the same."""
    shapes = {bytes(font.getmask(char, mode="1")) for char in _TRIED}
    return len(shapes) == len(_TRIED)
