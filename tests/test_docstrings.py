"""Every public class and function says what it is, and the packages' own show it by an example."""

import ast
import doctest
import importlib
import inspect

import pytest

from problems.reading.equations import sources

PACKAGES = ("adabound_np", "autograd_lite", "problems")
MODULES = [
    source
    for package in PACKAGES
    for source in sources(package)
    if not source.module.endswith("__main__")
]

#: Public names of adabound_np and autograd_lite without an example, and why.
WITHOUT_EXAMPLE = {
    **dict.fromkeys(
        [
            "SGDState",
            "CSGDState",
            "AdaGradState",
            "RMSpropState",
            "AdamState",
            "AMSGradState",
            "AdamNCState",
            "AdaBoundState",
            "AMSBoundState",
        ],
        "a named tuple, made by `init` of an optimizer",
    ),
    **dict.fromkeys(["Bounds", "FeasibleSet", "Schedule"], "a protocol, shown by its classes"),
    "RunningMax": "a mark without behaviour",
    "RunningProduct": "a base class, shown by the schedules derived from it",
    **dict.fromkeys(
        [
            "apart",
            "array_of",
            "check_gradient",
            "check_overlap",
            "check_shape",
            "check_state",
            "complete",
            "contiguous",
            "data_of",
            "described",
            "form_of",
            "gradient_of",
            "groups_of",
            "params_of",
            "unchanged",
        ],
        "checks of `Optimizer`, shown by what it refuses",
    ),
    **dict.fromkeys(
        ["finite", "fingerprint", "floats", "has_rules", "intact", "kept", "own", "seed"],
        "checks of the engine, shown by what it refuses",
    ),
    **dict.fromkeys(
        ["settable", "unsupported"],
        "checks of the engine, shown by what it refuses",
    ),
    **dict.fromkeys(
        ["channels_first", "channels_last", "cropped", "padded", "padded_shape"],
        "how images lie in memory, inside of the operations on them",
    ),
    **dict.fromkeys(
        ["Primitive", "Record", "composed", "graph", "primitive"],
        "the inside of `Tensor` and of the table, shown by every operation",
    ),
    **dict.fromkeys(["GradcheckReport", "GraphNode"], "a result of `gradcheck` or `draw`"),
    **dict.fromkeys(["table", "updated"], "writes the page docs/autograd_lite.md"),
}


def public(source):
    """The classes and functions that a module defines and exports."""
    module = importlib.import_module(source.module)
    for name in getattr(module, "__all__", ()):
        value = getattr(module, name)
        if callable(value) and getattr(value, "__module__", "") == source.module:
            yield name, value


def own_docstring(value):
    """The docstring written for it: not one inherited or made up by Python."""
    written = value.__doc__ or ""
    made_up = f"{getattr(value, '__name__', '')}("
    return "" if written.startswith(made_up) else written


@pytest.mark.parametrize("source", MODULES, ids=lambda source: source.module)
def test_everything_public_has_a_docstring(source):
    module = importlib.import_module(source.module)
    assert module.__doc__
    assert [name for name, value in public(source) if not own_docstring(value).strip()] == []


def has_example(value):
    written = [own_docstring(value)]
    if inspect.isclass(value):
        written += [getattr(part, "__doc__", "") or "" for part in vars(value).values()]
    return any(">>> " in text for text in written)


def test_everything_public_of_the_two_packages_has_an_example_or_a_reason():
    without = {
        name
        for source in MODULES
        if not source.module.startswith("problems")
        for name, value in public(source)
        if not has_example(value)
    }
    assert without == set(WITHOUT_EXAMPLE)


@pytest.mark.parametrize("source", MODULES, ids=lambda source: source.module)
def test_every_example_is_one_that_the_suite_runs(source):
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    written = sum(
        ">>> " in (ast.get_docstring(node) or "")
        for node in ast.walk(ast.parse(source.text))
        if isinstance(node, documented)
    )
    module = importlib.import_module(source.module)
    found = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    assert len(found) == written
