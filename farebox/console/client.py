"""The console's end of the socket: asks to be connected again for as long as the terminal is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from farebox.console.protocol import MOST_PICTURE_BYTES, Command, Picture, command_line, picture_of

AGAIN_S = 1.0


class ConsoleClient:
    """Pictures as they come, and commands as they are given; None in place of a picture while nobody is there."""

    def __init__(self, path: Path, again_s: float = AGAIN_S) -> None:
        """`again_s` is how long to wait before the next try."""
        self._path = path
        self._again_s = again_s
        self._writer: asyncio.StreamWriter | None = None

    async def pictures(self) -> AsyncIterator[Picture | None]:
        """Without end. Raises ProtocolFault if what answers is no terminal of this version."""
        while True:
            with suppress(OSError):
                reader, self._writer = await asyncio.open_unix_connection(str(self._path), limit=MOST_PICTURE_BYTES)
                try:
                    while line := await reader.readline():
                        yield picture_of(line)
                finally:
                    self._writer.close()
                    self._writer = None
            yield None
            await asyncio.sleep(self._again_s)

    async def send(self, command: Command) -> bool:
        """Give a command; False if the terminal is not there."""
        if self._writer is None:
            return False
        try:
            self._writer.write(command_line(command))
            await self._writer.drain()
        except OSError:
            return False
        return True
