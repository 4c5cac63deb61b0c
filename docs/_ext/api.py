"""The directive ``api``: a package's public names, each once, under its shortest public path.

.. code-block:: rst

    .. api:: adabound_np

Each public class of the packages in `PAGES` has its own page, which is written before the
build into a folder of the package's name; the directive lists these pages first. A public name is
one in the ``__all__`` of a module that is not in its package's; a module without ``__all__`` has
the public classes and functions that it defines. When the build ends, a public name of the packages
that no page documents is a warning, which ``-W`` makes an error.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from tex import wrap

__all__ = ["PACKAGES", "PAGES", "Api", "classes_with_pages", "modules_of", "public_names", "setup"]

PACKAGES = ("adabound_np", "autograd_lite", "problems")
#: Packages whose classes have pages, and what comes first.
PAGES = {"adabound_np": "AdaBound", "autograd_lite": "Tensor"}
LOG = logging.getLogger(__name__)


def modules_of(package: str) -> list[ModuleType]:
    """The package and all its modules, except `__main__` and those with a leading underscore."""
    root = importlib.import_module(package)
    found = [root]
    for info in pkgutil.walk_packages(root.__path__, package + "."):
        if not info.name.rpartition(".")[2].startswith("_"):
            found.append(importlib.import_module(info.name))
    return found


def _offered(module: ModuleType) -> list[str]:
    """Names that the module itself makes public."""
    if hasattr(module, "__all__"):
        return [name for name in module.__all__ if not inspect.ismodule(getattr(module, name))]
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]


def _assigned(module: ModuleType) -> set[str]:
    """Names of the constants that a module defines; what it imports is not among them."""
    body = ast.parse(inspect.getsource(module)).body
    targets = [node for node in body if isinstance(node, (ast.Assign, ast.AnnAssign))]
    return {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}


def public_names(package: str) -> Iterator[tuple[ModuleType, list[str]]]:
    """Each module of a package with its public names, except those that came up before.

    Packages come before their modules, so an object is listed under its shortest path; constants
    are listed where they are defined, since there their comments stand.
    """
    modules = sorted(modules_of(package), key=lambda m: (m.__name__.count("."), m.__name__))
    seen: set[tuple[str, int]] = set()
    found = {}
    for module in modules:
        offered = {name: getattr(module, name) for name in _offered(module)}
        constants = _assigned(module)
        keys = {
            name: (name, id(value))
            for name, value in offered.items()
            if callable(value) or name in constants
        }
        found[module.__name__] = [name for name, key in keys.items() if key not in seen]
        seen.update(keys.values())
    for module in sorted(modules, key=lambda m: m.__name__):
        yield module, found[module.__name__]


def _kind(value: object) -> str:
    """Directive for an object: the operations of the engine are functions."""
    if inspect.isclass(value):
        return "class"
    ours = (getattr(value, "__module__", None) or "").startswith(PACKAGES)
    return "function" if callable(value) and ours else "data"


def classes_with_pages(package: str) -> list[str]:
    """Dotted names of the classes that have pages: the first, the optimizers, then the others."""
    if package not in PAGES:
        return []
    found = {
        f"{module.__name__}.{name}": getattr(module, name)
        for module, names in public_names(package)
        for name in names
        if inspect.isclass(getattr(module, name)) and not name.endswith("State")
    }

    def place(title: str) -> tuple[bool, bool, str]:
        name = title.rpartition(".")[2]
        return name != PAGES[package], not hasattr(found[title], "moments"), name.lower()

    return sorted(found, key=place)


def _write_pages(app: Any) -> None:
    """Write the page of each class, where it is not there or says something else."""
    for package in PAGES:
        folder = Path(app.srcdir) / "api" / package
        folder.mkdir(exist_ok=True)
        titles = classes_with_pages(package)
        for old in {path.stem for path in folder.glob("*.rst")} - set(titles):
            (folder / f"{old}.rst").unlink()
        for title in titles:
            name = title.rpartition(".")[2]
            text = f"{name}\n{'=' * len(name)}\n\n.. autoclass:: {title}\n   :members:\n"
            path = folder / f"{title}.rst"
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")


def _list_of_pages(package: str) -> list[str]:
    """A table of the classes with pages, and the tree that the site's menu shows."""
    titles = classes_with_pages(package)
    lines = [".. list-table::", "   :widths: auto", ""]
    for title in titles:
        module, _, name = title.rpartition(".")
        said = (inspect.getdoc(getattr(sys.modules[module], name)) or "").partition("\n")[0]
        lines += [f"   * - :py:class:`{name} <{title}>`", f"     - {wrap(said)}"]
    tree = [f"   {package}/{title}" for title in titles]
    return [*lines, "", ".. toctree::", "   :hidden:", "", *tree, ""] if titles else []


def _directives(module: ModuleType, names: list[str], taken: set[str]) -> list[str]:
    """An `automodule`, and a directive for each name.

    Where a function of the package has the module's name, there is no place for the module.
    """
    title = module.__name__
    lines = [] if title in taken else [f".. automodule:: {title}", ""]
    options = {"class": ["   :members:"], "function": [], "data": ["   :no-value:"]}
    comments = ModuleAnalyzer.for_module(title).find_attr_docs()
    for name in names:
        kind = _kind(getattr(module, name))
        if kind == "data" and ("", name) not in comments:  # its type's docstring is not its own
            lines += [f".. py:data:: {name}", f"   :module: {title}", ""]
        else:
            lines += [f".. auto{kind}:: {title}.{name}", *options[kind], ""]
    return lines


class Api(SphinxDirective):
    """Sections with the docstring and the public names of a package and of its modules."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Expand to one `automodule` for each module that has something to say."""
        lines = _list_of_pages(self.arguments[0])
        paged = set(classes_with_pages(self.arguments[0]))
        listed = list(public_names(self.arguments[0]))
        taken = {f"{module.__name__}.{name}" for module, names in listed for name in names}
        for module, offered in listed:
            names = [name for name in offered if f"{module.__name__}.{name}" not in paged]
            if names or len((module.__doc__ or "").splitlines()) > 3 or "." not in module.__name__:
                title = module.__name__
                if "." in title:
                    lines += [title, "-" * len(title), ""]
                lines += _directives(module, names, taken)
        section = nodes.section()
        section.document = self.state.document
        content = StringList(lines, source=self.get_source_info()[0])
        self.state.nested_parse(content, 0, section, match_titles=True)
        return section.children


def _check(app: Any, env: Any) -> None:
    documented = env.get_domain("py").objects
    for package in PACKAGES:
        for module, names in public_names(package):
            for name in names:
                if f"{module.__name__}.{name}" not in documented:
                    LOG.warning("no page documents %s.%s", module.__name__, name)


def _resolve(app: Any, env: Any, node: Any, content: Any) -> Any:
    """Find what a docstring calls by the end of its name, or by where it is imported.

    A name in small letters may be an argument; only what the module has under it counts.
    """
    if node.get("refdomain") != "py" or node.get("reftype") not in ("obj", "class", "exc"):
        return None
    objects = env.get_domain("py").objects
    target = node["reftarget"]
    value = _value(f"{node.get('py:module')}.{target}", _value(target))
    for end in (target, target.rpartition(".")[0], target.rpartition(".")[2]):
        found = {(o.docname, o.node_id): n for n, o in objects.items() if n.endswith("." + end)}
        if (len(found) > 1 and value is not None) or target.islower():
            found = {place: n for place, n in found.items() if value and _value(n) is value}
        if end and len(found) == 1:
            ((docname, node_id), name) = found.popitem()
            return make_refnode(app.builder, node["refdoc"], docname, node_id, content, name)
    return None


def _value(path: str, default: object = None) -> object:
    """The object at a dotted path."""
    module, _, name = path.rpartition(".")
    return getattr(sys.modules.get(module), name, default)


def _skip(app: Any, what: str, name: str, value: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the fields of named tuples, which their class describes."""
    return True if (getattr(value, "__doc__", "") or "").startswith("Alias for field") else None


def setup(app: Any) -> dict[str, Any]:
    """Register the directive and the check."""
    app.add_directive("api", Api)
    app.connect("builder-inited", _write_pages)
    app.connect("autodoc-skip-member", _skip)
    app.connect("missing-reference", _resolve)
    app.connect("env-check-consistency", _check)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
