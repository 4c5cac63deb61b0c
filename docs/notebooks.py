"""Execute the notebooks of docs/notebooks, which are pages of the site with their outputs.

python docs/notebooks.py          executes them, and stores what they show
python docs/notebooks.py --check  changes nothing; exits with 1 if a stored text is out of date

Texts are compared, except seconds; numbers may differ by 2 % or 0.006, since machines round
differently and training amplifies it. Pictures are stored with few colours, and not compared.
"""

import argparse
import base64
import io
import itertools
import math
import re
import sys
from pathlib import Path

import nbclient
import nbformat
from PIL import Image

HERE = Path(__file__).resolve().parent
#: A column of seconds, which differ from run to run, and its numbers.
SECONDS = re.compile(r"^.* seconds$(?:\n.+)*", re.MULTILINE)


def executed(path: Path) -> nbformat.NotebookNode:
    """A notebook after all its cells have run, its pictures reduced to 64 colours."""
    book = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(
        book, timeout=600, resources={"metadata": {"path": path.parent}}
    ).execute()
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = reduced(data["image/png"])
    book.metadata.language_info = {"name": "python"}
    return book


def reduced(png: str) -> str:
    """A picture with 64 colours, coded as notebooks do."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB").quantize(64).save(
        buffer, format="PNG", optimize=True
    )
    return base64.b64encode(buffer.getvalue()).decode()


def texts(book: nbformat.NotebookNode) -> list[str]:
    """What the cells print, without seconds."""
    lines = []
    for cell in book.cells:
        for output in cell.get("outputs", []):
            text = output.get("text") or ""
            text = SECONDS.sub(lambda m: re.sub(r" +\S+$", "", m[0], flags=re.MULTILINE), text)
            lines += text.splitlines()
    return lines


def agree(before: str | None, now: str | None) -> bool:
    """Whether two lines have the same words, and nearly the same numbers."""
    words = [(line or "").split() for line in (before, now)]
    return all(near(old, new) for old, new in itertools.zip_longest(*words, fillvalue=""))


def near(before: str, now: str) -> bool:
    """Whether two words are the same, or numbers that nearly are."""
    try:
        numbers = [float(word.replace(",", "")) for word in (before, now)]
    except ValueError:
        return before == now
    return math.isclose(*numbers, rel_tol=0.02, abs_tol=0.006)


def main() -> int:
    """Execute or check the notebooks; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if outdated")
    check, outdated = parser.parse_args().check, 0
    for path in sorted((HERE / "notebooks").glob("*.ipynb")):
        before, book = texts(nbformat.read(path, as_version=4)), executed(path)
        pairs = itertools.zip_longest(before, texts(book))
        diff = [f"- {old}\n+ {new}" for old, new in pairs if not agree(old, new)]
        outdated += bool(diff)
        print("\n".join([path.name, *(diff or ["is up to date"])]))
        if not check:
            nbformat.write(book, path)
    return int(check and outdated > 0)


if __name__ == "__main__":
    sys.exit(main())
