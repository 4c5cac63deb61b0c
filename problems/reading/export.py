"""One optimizer as one Python file that needs NumPy alone, made from the package's own source."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from adabound_np import Optimizer, __version__
from problems.optimizers import entry
from problems.reading.equations import Source, sources

__all__ = ["export"]

_PACKAGE = "adabound_np"


@dataclass(frozen=True)
class _Piece:
    """A top-level statement of a module: the names it defines, its text, the names it uses."""

    defines: frozenset[str]
    text: str
    uses: frozenset[str]


def export(optimizer: str | type[Optimizer]) -> str:
    """Return an optimizer as the text of one Python file that needs NumPy alone.

    The lines are the package's, with their equations; what the optimizer does not reach is left
    out.

    Parameters
    ----------
    optimizer : str or class
        An optimizer of `adabound_np`.

    Raises
    ------
    TypeError, ValueError
        If it is none.

    Examples
    --------
    >>> import problems
    >>> text = problems.export("SGD")
    >>> "class SGD" in text, "class AdaBound" in text, "import adabound_np" in text
    (True, False, False)
    """
    cls = entry(optimizer).cls
    if not cls.__module__.startswith(f"{_PACKAGE}."):
        raise TypeError(f"optimizer must be a class of {_PACKAGE}, got {cls!r}")
    needed = _reached(cls.__module__, cls.__name__)
    imports, body = set[tuple[str, str]](), list[str]()
    for source in _in_order(cls.__module__):
        kept = [piece for piece in _pieces(source) if piece.defines & needed]
        used = frozenset[str]().union(*(piece.uses for piece in kept))
        imports |= {(name, of) for bound, (name, of) in _outside(source).items() if bound in used}
        if kept:
            body.append("\n\n\n".join([f"# {source.file}", *(piece.text for piece in kept)]))
    head = (
        f'"""{cls.__name__} in one file, which needs NumPy alone.\n\n'
        f"Made from the source of adabound-np {__version__} by ``python -m problems export\n"
        f"{cls.__name__}``. The comment above a line is its equation, and where it is from.\n\n"
        f'{_licence()}\n"""\n\nfrom __future__ import annotations\n'
    )
    names = f'__all__ = ["{cls.__name__}"]'
    return "\n".join([head, *_lines(imports), "", names, "", "", "\n\n\n".join(body), ""])


def _licence() -> str:
    """The text of the licence, from the installed distribution or the repository."""
    try:
        found = distribution("adabound-np").read_text("licenses/LICENSE")
    except PackageNotFoundError:
        found = None
    here = Path(__file__).parents[2] / "LICENSE"
    return (found or here.read_text(encoding="utf-8")).strip()


def _lines(imports: set[tuple[str, str]]) -> list[str]:
    """Import statements: modules first, then names by module."""
    by_module: dict[str, list[str]] = {}
    for name, module in sorted(imports):
        by_module.setdefault(module, []).append(name)
    return [
        *(f"import {name}" for name in by_module.pop("", [])),
        *(
            f"from {module} import {', '.join(names)}"
            for module, names in sorted(by_module.items())
        ),
    ]


def _reached(module: str, name: str) -> frozenset[str]:
    """Names of the package's top-level definitions that a definition reaches."""
    uses: dict[str, frozenset[str]] = {}
    for source in _in_order(module):
        for piece in _pieces(source):
            for defined in piece.defines:
                if defined in uses:
                    raise ValueError(f"{defined} is defined twice in {_PACKAGE}: rename one")
                uses[defined] = piece.uses
    found, waiting = set[str](), {name}
    while waiting:
        found |= waiting
        waiting = {n for w in waiting for n in uses[w] if n in uses} - found
    return frozenset(found)


def _in_order(module: str) -> list[Source]:
    """A module of the package and those it imports, each after all that it imports."""
    by_name = {source.module: source for source in sources(_PACKAGE)}
    ordered: dict[str, Source] = {}

    def add(name: str) -> None:
        for node in by_name[name].tree.body:
            if isinstance(node, ast.ImportFrom) and node.module in by_name:
                add(node.module)
        ordered.setdefault(name, by_name[name])

    add(module)
    return list(ordered.values())


def _pieces(source: Source) -> list[_Piece]:
    """The definitions of a module, with the comments above them."""
    lines = source.text.splitlines()
    pieces = []
    for node in source.tree.body:
        names = _defined(node)
        if not names or "__all__" in names:
            continue
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])
        while first > 1 and lines[first - 2].startswith("#"):
            first -= 1
        text = "\n".join(lines[first - 1 : node.end_lineno])
        used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        pieces.append(_Piece(frozenset(names), text, frozenset(used)))
    return pieces


def _defined(node: ast.stmt) -> set[str]:
    """The names that a top-level statement defines."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {target.id for target in targets if isinstance(target, ast.Name)}
    return set()


def _outside(source: Source) -> dict[str, tuple[str, str]]:
    """Bound name -> (what is imported, "" or the module it is from), of other packages."""
    found = {}
    for node in source.tree.body:
        if isinstance(node, ast.Import):
            module = ""
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            module = str(node.module)
        else:
            continue
        for alias in node.names if not module.startswith(_PACKAGE) else ():
            renamed = f" as {alias.asname}" if alias.asname else ""
            found[alias.asname or alias.name] = (alias.name + renamed, module)
    return found
