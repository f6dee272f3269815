"""A sheet as a PDF: A6, as printers at counters take it; what does not fit goes on on the next page."""

import io
from functools import partial
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A6
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer
from reportlab.platypus import Table as Grid

from centre.counter.slips.font import Font
from centre.counter.slips.sheet import Both, Fact, Issued, Note, Part, Sheet, Table

WIDTH, HEIGHT = A6
MARGIN = 7 * mm
_HEAD, _FOOT = 21 * mm, 16 * mm
_LABEL = 24 * mm
_INK, _PALE, _LINE = HexColor("#111111"), HexColor("#f1efe8"), HexColor("#8a8578")
_STAMP, _SIMULATED = HexColor("#b3261e"), Color(0.48, 0.23, 0, alpha=0.13)
SIMULATED = "模擬"


def pdf(sheet: Sheet, font: Font) -> bytes:
    """The slip's file; the same sheet always gives the same bytes."""
    file = io.BytesIO()
    document = BaseDocTemplate(
        file,
        pagesize=A6,
        title=f"{sheet.title.ja} {sheet.issued.number}",
        author=sheet.issued.operator,
        lang="ja",
        invariant=1,
    )
    frame = Frame(
        MARGIN,
        MARGIN + _FOOT,
        WIDTH - 2 * MARGIN,
        HEIGHT - 2 * MARGIN - _HEAD - _FOOT,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )
    document.addPageTemplates([PageTemplate("slip", [frame], onPage=partial(_around, sheet=sheet, font=font))])
    document.build(_flow(sheet.parts, font))
    return file.getvalue()


# -- around the contents


def _around(canvas: Canvas, _document: Any, sheet: Sheet, font: Font) -> None:
    """On every page: frame, title, number and day, who hands it out."""
    issued = sheet.issued
    if issued.simulated:
        _watermark(canvas, font)
    canvas.setStrokeColor(_INK)
    canvas.setLineWidth(0.8)
    canvas.rect(MARGIN - 3 * mm, MARGIN - 3 * mm, WIDTH - 2 * MARGIN + 6 * mm, HEIGHT - 2 * MARGIN + 6 * mm)
    top = HEIGHT - MARGIN
    canvas.setFillColor(_INK)
    canvas.setFont(font.name, 7)
    canvas.drawString(MARGIN, top - 3 * mm, f"No. {issued.number}")
    canvas.drawRightString(WIDTH - MARGIN, top - 3 * mm, issued.moment())
    title = f"{sheet.title.ja}（{SIMULATED}）" if issued.simulated else sheet.title.ja
    _centred(canvas, font, title, top - 10.5 * mm, 16)
    _centred(canvas, font, sheet.title.en, top - 14.5 * mm, 7)
    canvas.setLineWidth(1.2)
    canvas.line(MARGIN, top - 17.5 * mm, WIDTH - MARGIN, top - 17.5 * mm)
    _foot(canvas, font, issued)


def _foot(canvas: Canvas, font: Font, issued: Issued) -> None:
    """Who hands it out, and the counter's stamp with its day."""
    bottom = MARGIN
    room = WIDTH - 2 * MARGIN - 20 * mm
    for line, (text, size) in enumerate(
        ((issued.operator, 9.0), (issued.counter, 7.5), (f"取扱者 Clerk　{issued.clerk}", 7.5))
    ):
        shown = font.known(text)
        canvas.setFont(font.name, min(size, size * room / max(font.width(shown, size), 1)))
        canvas.drawString(MARGIN, bottom + (9 - 4 * line) * mm, shown)
    canvas.setFont(font.name, 6)
    canvas.drawRightString(WIDTH - MARGIN, bottom - 1.5 * mm, f"{canvas.getPageNumber()}")
    middle, radius = (WIDTH - MARGIN - 8 * mm, bottom + 7 * mm), 7.5 * mm
    canvas.saveState()
    canvas.setStrokeColor(_STAMP)
    canvas.setFillColor(_STAMP)
    canvas.circle(*middle, radius)
    canvas.line(middle[0] - radius, middle[1] + 2 * mm, middle[0] + radius, middle[1] + 2 * mm)
    canvas.line(middle[0] - radius, middle[1] - 2 * mm, middle[0] + radius, middle[1] - 2 * mm)
    canvas.setFont(font.name, 7)
    canvas.drawCentredString(middle[0], middle[1] + 3.2 * mm, SIMULATED if issued.simulated else "窓口")
    canvas.setFont(font.name, 6.5)
    canvas.drawCentredString(middle[0], middle[1] - 0.8 * mm, f"{issued.day():%Y.%m.%d}")
    canvas.setFont(font.name, 7)
    canvas.drawCentredString(middle[0], middle[1] - 5.4 * mm, "取扱")
    canvas.restoreState()


def _watermark(canvas: Canvas, font: Font) -> None:
    canvas.saveState()
    canvas.setFillColor(_SIMULATED)
    canvas.translate(WIDTH / 2, HEIGHT / 2)
    canvas.rotate(45)
    canvas.setFont(font.name, 84)
    canvas.drawCentredString(0, -30, SIMULATED)
    canvas.restoreState()


def _centred(canvas: Canvas, font: Font, text: str, y: float, size: float) -> None:
    canvas.setFont(font.name, size)
    canvas.drawCentredString(WIDTH / 2, y, text)


# -- the contents


def _flow(parts: tuple[Part, ...], font: Font) -> list[Flowable]:
    """Facts that follow each other make one grid."""
    flow: list[Flowable] = []
    facts: list[Fact] = []
    for part in parts:
        if isinstance(part, Fact):
            facts.append(part)
            continue
        flow += _grid_of(facts, font)
        facts = []
        flow += _rows(part, font) if isinstance(part, Table) else [_note(part, font)]
    return flow + _grid_of(facts, font)


def _grid_of(facts: list[Fact], font: Font) -> list[Flowable]:
    if not facts:
        return []
    rows = [[_label(fact.label, font), _text(fact.value, font, 11.5 if fact.large else 8.5)] for fact in facts]
    style = [
        ("GRID", (0, 0), (-1, -1), 0.4, _LINE),
        ("BACKGROUND", (0, 0), (0, -1), _PALE),
        *_CELLS,
    ]
    return [Grid(rows, colWidths=[_LABEL, WIDTH - 2 * MARGIN - _LABEL], style=style), Spacer(0, 1.6 * mm)]


_CELLS = (
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("LEFTPADDING", (0, 0), (-1, -1), 3),
    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ("TOPPADDING", (0, 0), (-1, -1), 0.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
)


def _rows(table: Table, font: Font) -> list[Flowable]:
    width = (WIDTH - 2 * MARGIN) / sum(table.shares)
    first_number = len(table.heading) - table.numbers
    rows = [[_label(label, font, right=column >= first_number) for column, label in enumerate(table.heading)]]
    rows += [
        [_text(cell, font, 7.5, right=column >= first_number) for column, cell in enumerate(row)] for row in table.rows
    ]
    style = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, _LINE),
        ("BACKGROUND", (0, 0), (-1, 0), _PALE),
        *_CELLS,
    ]
    if table.last_is_sum:
        style.append(("LINEABOVE", (0, -1), (-1, -1), 1, _INK))
    return [
        Grid(rows, colWidths=[share * width for share in table.shares], style=style, repeatRows=1),
        Spacer(0, 1.6 * mm),
    ]


def _label(label: Both, font: Font, *, right: bool = False) -> Paragraph:
    return _text(label.ja, font, 7, small=label.en, right=right)


def _note(note: Note, font: Font) -> Paragraph:
    return _text(f"※ {note.text.ja}", font, 6.8, small=note.text.en)


def _text(text: str, font: Font, size: float, *, small: str = "", right: bool = False) -> Paragraph:
    """Lines that break anywhere, as Japanese does; `small`: a line more, in smaller letters."""
    style = ParagraphStyle(
        "slip",
        fontName=font.name,
        fontSize=size,
        leading=size * 1.2,
        textColor=_INK,
        wordWrap="CJK",
        alignment=TA_RIGHT if right else 0,
    )
    markup = escape(font.known(text)).replace("\n", "<br/>")
    if small:
        markup += f'<br/><font size="{size * 0.76:.1f}">{escape(font.known(small))}</font>'
    return Paragraph(markup, style)
