"""A process that listens to the terminal and gives no commands: sounds and lamps, slips."""

import asyncio
from collections.abc import Callable

from farebox.console.client import ConsoleClient
from farebox.console.protocol import Picture
from farebox.stopping import Stopping


def listen(client: ConsoleClient, take: Callable[[Picture | None], None], ready: Callable[[], None]) -> None:
    """Hand over each picture, and None while no terminal answers, until SIGTERM or SIGINT. `ready`: it begins.

    Raises ProtocolFault if what answers is no terminal of this version.
    """
    asyncio.run(_listen(client, take, ready))


async def _listen(client: ConsoleClient, take: Callable[[Picture | None], None], ready: Callable[[], None]) -> None:
    loop, asked = asyncio.get_running_loop(), asyncio.Event()

    async def heed() -> None:
        async for picture in client.pictures():
            take(picture)

    def wake() -> None:
        loop.call_soon_threadsafe(asked.set)

    with Stopping(wake):
        ready()
        heeding, stopping = asyncio.ensure_future(heed()), asyncio.ensure_future(asked.wait())
        done, left = await asyncio.wait((heeding, stopping), return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for task in done:
            task.result()
