"""Bring the outputs quoted in README.md and in the pages of docs/ up to date.

A quoted output is a ``text`` block under a comment: ``<!-- output: COMMAND -->`` quotes a
command's standard output, ``<!-- output: the code above -->`` quotes the Python block above,
``<!-- output: all the code above -->`` what the last of the page's Python blocks so far adds.
A Python block under ``<!-- file: NAME -->`` is a file in the folder where the page's commands run.
What stands between ``<!-- made by: COMMAND -->`` and ``<!-- end -->`` is a command's Markdown.
A figure is out of date if its digest differs from the figure drawn again (`problems.digest`).

    python docs/regenerate.py          rewrites them, and the figures the commands write
    python docs/regenerate.py --check  changes nothing; exits with 1 if one is out of date

docs/theorems.py draws the figures of docs/theorems.md; docs/assignments.py makes the pages and
pictures of docs/course. docs/results/rates-*.png come from
the records of an hour of runs, which the repository does not hold.
"""

import argparse
import difflib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import problems  # noqa: E402
from problems.digest import digest_in  # noqa: E402
from problems.experiments.drawing import draw  # noqa: E402
from problems.experiments.settings import FIGURES  # noqa: E402
from problems.plots import save  # noqa: E402

sys.path.insert(0, str(ROOT / "docs"))

from social_card import social_card  # noqa: E402

QUOTE = re.compile(
    r"(<!-- output: (?P<command>.+?) -->\n```text\n)(?P<output>.*?)(```\n)", re.DOTALL
)
MADE = re.compile(
    r"(<!-- made by: (?P<command>.+?) -->\n)(?P<output>.*?)(<!-- end -->\n)", re.DOTALL
)
CODE = re.compile(r"```python\n(.*?)```\n", re.DOTALL)
FILE = re.compile(r"<!-- file: (?P<name>\w+\.py) -->\n```python\n(?P<text>.*?)```\n", re.DOTALL)
#: Printed between two blocks that run one after the other.
MARK = "=== next block ==="
PICTURE = re.compile(r"!\[[^\]]*\]\((?P<path>[^)]+)\)")


def output_of(command: str, before: str, folder: Path) -> str:
    """Run a quoted command in `folder`, or the Python blocks of `before`.

    With files on the page, it runs in a folder that holds them and nothing else.
    """
    files = list(FILE.finditer(before))
    if files:
        with tempfile.TemporaryDirectory() as own:
            for match in files:
                (Path(own) / match["name"]).write_text(match["text"], encoding="utf-8")
            return output_of(command, FILE.sub("", before), Path(own))
    blocks = CODE.findall(before)
    if command == "all the code above":
        program = f"print({MARK!r})\n".join(blocks)
        return printed([sys.executable, "-c", program], folder).rpartition(MARK + "\n")[2]
    if command == "the code above":
        return printed([sys.executable, "-c", blocks[-1]], folder)
    return printed([sys.executable, *shlex.split(command)[1:]], folder)


def printed(args: list[str], folder: Path) -> str:
    """Standard output of a program, without spaces at the ends of lines."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(args, cwd=folder, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())


def pages() -> list[Path]:
    """README.md and all pages of the site, except what a build leaves there."""
    docs = (path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
    return [ROOT / "README.md", *sorted(docs)]


def pictures() -> set[Path]:
    """Pictures that the pages show."""
    return {
        (page.parent / match["path"]).resolve()
        for page in pages()
        for match in PICTURE.finditer(page.read_text())
    }


def stale(drawn: Path) -> list[str]:
    """Pictures that differ from the one of the same path below `drawn`, if there is one."""
    pairs = ((path, drawn / path.relative_to(ROOT)) for path in sorted(pictures()))
    return [
        str(path.relative_to(ROOT))
        for path, fresh in pairs
        if fresh.exists() and (not path.exists() or digest_in(path) != digest_in(fresh))
    ]


def renew(path: Path, folder: Path) -> tuple[Path, str, str]:
    """Return a page's text as it is and with today's outputs; commands run in `folder`."""
    text = path.read_text()

    def fresh(match: re.Match[str]) -> str:
        return match[1] + output_of(match["command"], text[: match.start()], folder) + match[4]

    def made(match: re.Match[str]) -> str:
        return f"{match[1]}\n{output_of(match['command'], '', folder)}\n{match[4]}"

    return path, text, MADE.sub(made, QUOTE.sub(fresh, text))


def main() -> int:
    """Rewrite or check all documents; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if outdated")
    check = parser.parse_args().check
    outdated = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) if check else ROOT
        if check:  # results that commands print from
            for path in (ROOT / "docs" / "results").glob("*.json"):
                copy = folder / path.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)
        with ThreadPoolExecutor(os.cpu_count()) as threads:  # a page each; the work is in processes
            renewed = list(threads.map(partial(renew, folder=folder), pages()))
        for path, text, new in renewed:
            if new != text:
                outdated += 1
                name = str(path.relative_to(ROOT))
                diff = difflib.unified_diff(text.splitlines(), new.splitlines(), name, "now")
                print("\n".join(diff))
                if not check:
                    path.write_text(new)
        results = json.loads((ROOT / "docs" / "results" / "figures.json").read_text())
        for name, figure in draw(results, [], FIGURES).items():
            save(figure, folder / "docs" / "results" / name)
        save(social_card(), folder / "docs" / "figures" / "social-card")
        for path in (ROOT / "docs" / "results").glob("curvature-*.json"):
            if path.with_suffix(".png") not in pictures():
                continue
            for figure in problems.curvature(show=path).figures().values():
                save(figure, folder / path.relative_to(ROOT).with_suffix(""))
        for name in stale(folder):
            outdated += 1
            print(f"{name} is out of date")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
