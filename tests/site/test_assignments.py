"""The pages of the assignments are those that the tasks make."""

import subprocess
import sys
from pathlib import Path

import pytest

from problems.course.tasks import TASKS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.slow
def test_the_pages_are_up_to_date():
    command = [sys.executable, str(DOCS / "assignments.py"), "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert len(list((DOCS / "course").glob("*.md"))) == len(TASKS)
    for task in TASKS:
        assert (DOCS / "figures" / f"course-{task.number}.png").stat().st_size > 5000
