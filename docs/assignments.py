"""Write a page for each assignment of the course, with the picture that its solution draws.

python docs/assignments.py          rewrites docs/course/ and docs/figures/course-*.png
python docs/assignments.py --check  changes nothing; exits with 1 if a page is out of date
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from problems.course.marking import write  # noqa: E402
from problems.course.tasks import TASKS, Task  # noqa: E402
from problems.digest import digest_in  # noqa: E402

PAGES, FIGURES = ROOT / "docs" / "course", ROOT / "docs" / "figures"


#: Number of an assignment -> the explorer's scene that shows what it is about.
SCENES = {2: 1, 3: 2, 4: 3, 6: 1, 8: 5, 9: 6}


def page(task: Task) -> str:
    """Return a task's text, under the command that makes it, with its picture."""
    text = task.text(0).rstrip()
    title, _, rest = text.partition("\n")
    scene = f" See it move: {{scene}}`{SCENES[task.number]}`." if task.number in SCENES else ""
    alt = f"The picture that the solution of assignment {task.number} draws"
    return (
        f"{title}\n\n`python -m problems course make {task.number}` writes the handout. The "
        f"constants are cohort 0's.{scene}\n{rest}\n\n## The picture\n\n"
        f"![{alt}](../figures/course-{task.number}.png)\n"
    )


#: Draws the picture of the solution in this folder, with its digest.
DRAW = """
import runpy, sys
from pathlib import Path
import matplotlib.pyplot as plt
runpy.run_path("picture.py")
from problems.plots import save
save(plt.gcf(), Path(sys.argv[1]))
"""


def draw(task: Task, folder: Path) -> Path:
    """Draw a task's picture into a folder; return the PNG."""
    stem = folder / f"course-{task.number}"
    with tempfile.TemporaryDirectory() as name:
        write({**task.files(0, solution=True), "picture.py": task.picture}, Path(name))
        env = {**os.environ, "PYTHONPATH": f"{name}{os.pathsep}{ROOT}", "MPLBACKEND": "agg"}
        command = [sys.executable, "-c", DRAW, str(stem)]
        subprocess.run(command, cwd=name, env=env, check=True)
    stem.with_suffix(".svg").unlink()
    return stem.with_suffix(".png")


def main() -> int:
    """Rewrite or check the pages; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if outdated")
    check = parser.parse_args().check
    outdated = 0
    with tempfile.TemporaryDirectory() as scratch:
        for task in TASKS:
            path = PAGES / f"{task.number}-{task.name}.md"
            fresh, old = draw(task, Path(scratch)), FIGURES / f"course-{task.number}.png"
            text = page(task)
            same = path.exists() and path.read_text(encoding="utf-8") == text
            if not (same and old.exists() and digest_in(old) == digest_in(fresh)):
                outdated += 1
                print(f"{path.relative_to(ROOT)} is out of date")
                if not check:
                    path.parent.mkdir(exist_ok=True)
                    path.write_text(text, encoding="utf-8")
                    shutil.copy(fresh, old)
    return int(check and outdated > 0)


if __name__ == "__main__":
    sys.exit(main())
