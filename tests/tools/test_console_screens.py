"""The pictures in docs/screens are what the console shows."""

from tools.console_screens import SCREENS, pages


def test_the_pictures_in_the_docs_are_those_of_the_console() -> None:
    drawn = dict(pages())
    assert sorted(drawn) == sorted(SCREENS.glob("*.svg"))
    for path, svg in drawn.items():
        assert path.read_text("utf-8") == svg, f"{path.name} is out of date; run make docs"
