"""gunicorn's log goes where the centre's goes, as lines of the same kind."""

import logging
from typing import Any

from gunicorn.glogging import Logger


class Log(Logger):  # type: ignore[misc]
    """Hands everything to Python's logging, which Django has set up."""

    def setup(self, cfg: Any) -> None:
        """No handlers of its own."""
        self.error_log = logging.getLogger("centre.server")
        self.access_log = logging.getLogger("centre.access")
        self.access_log.disabled = True  # `centre.request` tells of each, without its path
