"""What is new in pictures of the terminal: each tap once, never twice, whoever was away meanwhile. Pure.

    news = News(); for picture in pictures: for tap in news.of(picture): sound(tap)

A tap's number rises over restarts of the terminal. Taps of before this process began to listen were another one's to
sound; a tap that fell while the connection was away is told when it is back, as long as the picture has it.
"""

from farebox.console.protocol import Picture, SeenTap


class News:
    """Taps that were not told yet."""

    def __init__(self) -> None:
        """Nothing was heard."""
        self._last: int | None = None

    def of(self, picture: Picture | None) -> tuple[SeenTap, ...]:
        """The new taps of a picture, the oldest first. None: no terminal answers."""
        if picture is None:
            # From here on whatever taps there are will be new.
            self._last = self._last or 0
            return ()
        newest = max((tap.number for tap in picture.taps), default=0)
        last, self._last = self._last, max(newest, self._last or 0)
        if last is None:
            return ()
        return tuple(tap for tap in reversed(picture.taps) if tap.number > last)
