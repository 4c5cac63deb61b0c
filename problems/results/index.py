"""The page ``index.html`` of a folder: what each command there printed and drew."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Sequence
from pathlib import Path

from problems.files import write_text

__all__ = ["add_to_index"]

NAME = "index.html"
HEAD = """<!doctype html>
<html lang="en">
<!-- made by adabound-np; a command replaces its own section -->
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Results</title>
<style>
body { font-family: sans-serif; max-width: 70em; margin: auto; padding: 1em; }
pre { overflow-x: auto; }
img { max-width: 100%; background: white; }
</style>
<h1>Results</h1>
"""
SECTION = re.compile(r"<section id=\"([^\"]*)\">\n.*?</section>\n", re.DOTALL)


def add_to_index(folder: Path, command: str, text: str, files: Sequence[Path]) -> None:
    """Put a result on the page of its folder, the latest first.

    A command's section replaces the one of the same first file. A page that another program wrote
    is left alone.

    Parameters
    ----------
    folder : Path
        Folder of the page.
    command : str
        The command line.
    text : str
        What the command printed.
    files : sequence of Path
        What it wrote; the pictures are shown, all are linked.
    """
    page = folder / NAME
    before = page.read_text(encoding="utf-8") if page.exists() else HEAD
    if not before.startswith(HEAD):
        return
    names = [Path(os.path.relpath(file, folder)).as_posix() for file in files]
    own = html.escape(names[0], quote=True)
    shown = "\n".join(
        f'<p><img src="{html.escape(name, quote=True)}" alt="{html.escape(name, quote=True)}"></p>'
        for name in names
        if name.endswith(".png")
    )
    links = ", ".join(
        f'<a href="{html.escape(name, quote=True)}">{html.escape(name)}</a>' for name in names
    )
    section = (
        f'<section id="{own}">\n<h2><code>{html.escape(command)}</code></h2>\n'
        f"<pre>{html.escape(text)}</pre>\n{shown}\n<p>{links}</p>\n</section>\n"
    )
    others = [match[0] for match in SECTION.finditer(before) if match[1] != own]
    section = section.encode("utf-8", "backslashreplace").decode()  # of a name that is no text
    write_text(page, HEAD + section + "".join(others))
