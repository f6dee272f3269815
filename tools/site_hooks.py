"""What `make site` makes of links that lead out of docs/, to the code: there they are names, for the site has no code.

mkdocs calls these by their names (https://www.mkdocs.org/user-guide/configuration/#hooks).
"""

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#:\s]+)(#[^)]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:
    """A page -> the page without such links."""
    folder = (DOCS / page.file.src_uri).parent

    def named(link: re.Match[str]) -> str:
        text, target = link.group(1), (folder / link.group(2)).resolve()
        return link.group(0) if target.is_relative_to(DOCS) else text

    return _LINK.sub(named, markdown)
