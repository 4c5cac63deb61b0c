"""Submissions for the tests: solutions with something changed."""

from problems.course.grade import grade
from problems.course.make import handout
from problems.course.marking import write


def submit(task, folder, changes=(), *, solution=True):
    """Write a handout with some text of its package changed, as a student hands it in."""
    files = handout(task, 0, solution=solution)
    for old, new in changes:
        names = [n for n, text in files.items() if n.startswith("student/") and old in text]
        assert names, old
        files.update({name: files[name].replace(old, new) for name in names})
    write(files, folder / task.folder)
    return folder / task.folder


def verdicts(task, folder, **options):
    """The verdicts on one submission of one task."""
    (graded,) = grade([folder], 0, **options)
    return graded.verdicts[task]
