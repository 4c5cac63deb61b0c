"""Who imports whom: the graph of a package's modules, read from its source, has no circle."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("adabound_np", "autograd_lite", "problems")


def modules(package, root=ROOT):
    """Dotted name -> path, of every module of a package; a package is its `__init__`."""
    found = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name, paths):
    """Modules of the same package that a module imports, wherever the statement stands.

    `from a import b` is an import of a.b if that is a module, else of a, in whose `__init__` the
    name b is. That Python runs the `__init__` of a before a.b is not counted.
    """
    anchor = name.split(".") if paths[name].name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(paths[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = anchor[: len(anchor) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            full = [f"{origin}.{alias.name}" for alias in node.names]
            wanted = [path if path in paths else origin for path in full]
        else:
            continue
        yield from (module for module in wanted if module in paths)


def circle(graph):
    """Names of modules that import each other in turn, [] if none do."""
    done, path = set(), []

    def visit(name):
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        path.append(name)
        found = next(filter(None, map(visit, sorted(graph[name]))), [])
        path.pop()
        done.add(name)
        return found

    return next(filter(None, map(visit, sorted(graph))), [])


def import_graph(package, root=ROOT):
    paths = modules(package, root)
    return {name: set(imports(name, paths)) for name in paths}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_each_other_in_a_circle(package):
    assert circle(import_graph(package)) == []


def test_the_engine_knows_no_operation_and_its_helpers_nothing_of_ours():
    graph = import_graph("autograd_lite")
    assert graph["autograd_lite.engine"] == {"autograd_lite.guards", "autograd_lite.within"}
    assert graph["autograd_lite.guards"] == graph["autograd_lite.within"] == set()
    assert "autograd_lite.engine" in graph["autograd_lite.ops.elementwise"]
    below = {n for name, found in graph.items() if ".ops" in name for n in found}
    assert {n for n in below if ".ops" not in n} == {"autograd_lite.engine"}


CIRCLES = {
    "at the top": ("from pack.b import g\n", "import pack.a\n"),
    "through an init": ("from pack.b import g\n", "from pack import f\n"),
    "in a function": ("from . import b\n", "def g():\n    from .a import f\n    return f\n"),
    "for types alone": (
        "from pack.b import g\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pack.a import f\n",
    ),
}


@pytest.mark.parametrize("case", CIRCLES)
def test_a_circle_is_found(case, tmp_path):
    first, second = CIRCLES[case]
    (tmp_path / "pack").mkdir()
    for name, text in {"__init__": "from pack.a import f\n", "a": first, "b": second}.items():
        (tmp_path / "pack" / f"{name}.py").write_text(text, encoding="utf-8")
    found = circle(import_graph("pack", tmp_path))
    assert {"pack.a", "pack.b"} <= set(found)
    (tmp_path / "pack" / "b.py").write_text("import ast\n", encoding="utf-8")
    assert circle(import_graph("pack", tmp_path)) == []


def room(module):
    """The package of a module, or its room in problems."""
    parts = module.split(".")
    return parts[0] if parts[0] != "problems" or len(parts) == 1 else parts[1]


def drawing():
    """A line for each room: what it imports, of the whole repository, read from the source."""
    packages = ("adabound_np", "autograd_lite", "problems")
    paths = {name: path for package in packages for name, path in modules(package).items()}
    arrows = {}
    for name in paths:
        found = {room(other) for other in imports(name, paths)} - {room(name)}
        arrows.setdefault(room(name), set()).update(found)
    below = {}  # how many layers lie below a room

    def depth(name):
        if name not in below:
            below[name] = 1 + max(map(depth, arrows[name]), default=-1)
        return below[name]

    order = sorted(arrows, key=lambda name: (-depth(name), name))
    width = max(map(len, order))
    return "".join(
        f"{name:<{width}} -> {', '.join(o for o in order if o in arrows[name])}".rstrip(" ->")
        + "\n"
        for name in order
    )


def test_the_drawing_of_rooms_is_true():
    """`python -m tests.test_layers` prints the lines that CONTRIBUTING.md should have."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn = text.partition("<!-- rooms -->\n```text\n")[2].partition("```")[0]
    assert drawn == drawing()


if __name__ == "__main__":
    print(drawing(), end="")
