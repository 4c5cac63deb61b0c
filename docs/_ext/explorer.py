"""The explorer in the site, and links to its scenes.

``{scene}`3` `` is a link to the third scene, with its title; ``{scene}`0` `` one to the explorer.
The page itself is made when the site is, in ``app/explorer.html``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes

import problems
from problems.explorer.scenes import SCENES, address

__all__ = ["scene", "setup"]

FOLDER = "app"


def scene(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, *_: Any
) -> tuple[list[Any], list[Any]]:
    """The role: a link, relative to the page that it stands on."""
    if not text.isdecimal() or int(text) > len(SCENES):
        message = inliner.reporter.error(
            f"scene must be a number from 0 to {len(SCENES)}, got {text!r}", line=lineno
        )
        return [inliner.problematic(rawtext, rawtext, message)], [message]
    number = int(text)
    up = "../" * inliner.document.settings.env.docname.count("/")
    title = f"{number}. {SCENES[number - 1].title}" if number else "the explorer"
    target = f"{up}{FOLDER}/explorer.html{address(number) if number else ''}"
    return [nodes.reference(rawtext, title, refuri=target, classes=["scene"])], []


def _write(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        problems.explore().save(Path(app.outdir) / FOLDER)


def setup(app: Any) -> dict[str, Any]:
    """Register the role, and the writing of the page."""
    app.add_role("scene", scene)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
