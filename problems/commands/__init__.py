"""One module per command of ``python -m problems``: its options, and what it runs."""

from importlib import import_module
from types import ModuleType

__all__ = ["COMMANDS", "module_of"]

#: Name of each command, and what it shows.
COMMANDS = {
    "counterexample": "Adam on convex problems it fails, beside the other optimizers (the default)",
    "phase": "a map of x_T or R_T/T over two constants",
    "sweep": "a grid or random search over constants, seeds and optimizers, in parallel",
    "theorems": "the theorem ledger: every theorem of the papers, executed",
    "effective-lr": "effective learning rates during a run, against AdaBound's bounds",
    "figures": "the paper's figures and tables, from runs on small tasks",
    "train": "train a network with several optimizers and seeds",
    "wilson": "least squares on which adaptive methods find a useless solution",
    "equations": "every equation beside its line",
    "trace": "the first steps with every intermediate quantity",
    "explore": "a page that runs the optimizers' own lines in your browser",
    "check": "whether your own optimizer or problem does what runs rely on",
    "export": "an optimizer as one Python file that needs NumPy alone",
    "course": "assignments made from the source, and their grading",
    "fetch": "download a data set's official files",
}


def module_of(command: str) -> ModuleType:
    """Import the module of a command; the others are not needed."""
    return import_module(f"{__name__}.{command.replace('-', '_')}")
