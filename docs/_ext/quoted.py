"""Show the command above an output that it printed.

The pages mark an output with ``<!-- output: COMMAND -->`` (see docs/regenerate.py). Here the
command becomes the caption of the block.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["captioned", "setup"]

QUOTE = re.compile(r"<!-- output: (python .+?) -->\n```text\n")


def captioned(text: str) -> str:
    r"""A page with each command as the caption of its output.

    Examples
    --------
    >>> print(captioned("<!-- output: python -V -->\n```text\nPython 3\n```"))
    ```{code-block} text
    :caption: '`python -V`'
    Python 3
    ```
    """

    def block(match: re.Match[str]) -> str:
        command = match[1].replace("'", "''")  # as YAML quotes it
        return f"```{{code-block}} text\n:caption: '`{command}`'\n"

    return QUOTE.sub(block, text)


def _read(app: Any, docname: str, source: list[str]) -> None:
    source[0] = captioned(source[0])


def setup(app: Any) -> dict[str, Any]:
    """Connect to the reading of pages."""
    app.connect("source-read", _read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
