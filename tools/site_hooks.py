"""What `make site` makes of pages.

Links that lead out of docs/, to the code, are names there, for the site has no code; a line that ends in Japanese runs
on into the next one, where a browser would put a space.

mkdocs calls these by their names (https://www.mkdocs.org/user-guide/configuration/#hooks).
"""

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_JAPANESE_BREAK = re.compile(r"(?:(?<=[、。）：])\n *(?=[A-Za-z`\[])|(?<=[^\x00-\xff])\n *(?=[^\x00-\xff]))")
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#:\s]+)(#[^)]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:
    """A page -> the page without such links and breaks."""
    folder = (DOCS / page.file.src_uri).parent

    def named(link: re.Match[str]) -> str:
        text, target = link.group(1), (folder / link.group(2)).resolve()
        return link.group(0) if target.is_relative_to(DOCS) else text

    parts = _FENCED.split(markdown)
    parts[::2] = [_JAPANESE_BREAK.sub("", _LINK.sub(named, part)) for part in parts[::2]]
    return "".join(parts)
