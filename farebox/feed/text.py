"""The text of tables, line by line: UTF-8, with a byte-order mark or without, or CP932, as Japanese programs save it.

Nothing is held back to look ahead: the first line that is not plain ASCII decides for the whole table, and a later line
of the other encoding is refused rather than read as other characters.
"""

_BOM = b"\xef\xbb\xbf"
_UTF_8, _CP932 = "UTF-8", "CP932"


class Undecodable(Exception):
    """A line is of no encoding, or not of its table's. `at` is the byte of the line, counted from 0."""

    def __init__(self, at: int, problem: str) -> None:
        """Take the place and what is wrong, as the end of a sentence about that byte."""
        super().__init__(problem)
        self.at, self.problem = at, problem


class LineDecoder:
    """Decodes one table's lines in order."""

    __slots__ = ("_encoding", "_first", "_why")

    def __init__(self) -> None:
        """Know nothing yet."""
        self._first = True
        self._encoding, self._why = "", ""

    def decode(self, raw: bytes) -> str:
        """The text of the next line; raises Undecodable."""
        if self._first:
            self._first = False
            if raw.startswith(_BOM):
                self._encoding, self._why = _UTF_8, "its byte-order mark says so"
                return self._utf_8(raw, len(_BOM))
        if raw.isascii():
            return raw.decode("ascii")
        if self._encoding == _UTF_8:
            return self._utf_8(raw, 0)
        return self._cp932(raw) if self._encoding else self._decided(raw)

    def decode_lines(self, raw: bytes) -> str | None:
        """The text of many whole lines at once; None, with nothing decided, where they must be looked at one by one."""
        if self._first or (self._encoding == _CP932 and not raw.isascii()):
            return None
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return None
        if not self._encoding and not raw.isascii():
            self._encoding, self._why = _UTF_8, "lines before are"
        return text

    def _decided(self, raw: bytes) -> str:
        self._why = "lines before are"
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self._encoding = _CP932
            try:
                return raw.decode("cp932")
            except UnicodeDecodeError:
                raise Undecodable(
                    error.start, "is neither UTF-8 nor CP932 (both tried); save the table as UTF-8"
                ) from None
        self._encoding = _UTF_8
        return text

    def _utf_8(self, raw: bytes, start: int) -> str:
        try:
            return raw[start:].decode("utf-8")
        except UnicodeDecodeError as error:
            problem = f"is not UTF-8, and {self._why}; save the whole table as UTF-8"
            raise Undecodable(start + error.start, problem) from None

    def _cp932(self, raw: bytes) -> str:
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            at = next(place for place, byte in enumerate(raw) if byte > 0x7F)
            raise Undecodable(at, f"is UTF-8, but {self._why} CP932; save the whole table as UTF-8")
        try:
            return raw.decode("cp932")
        except UnicodeDecodeError as error:
            raise Undecodable(
                error.start, "is neither CP932, as lines before are, nor UTF-8; save it as UTF-8"
            ) from None
