"""Packages that only an extra installs."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["optional"]


def optional(module: str, extra: str, purpose: str) -> Any:
    """Import a package that only an extra installs.

    Parameters
    ----------
    module : str
        The module's name, such as ``"sklearn.datasets"``.
    extra : str
        The extra of this package which installs it.
    purpose : str
        What needs it, for the message.

    Raises
    ------
    ModuleNotFoundError
        If it is absent; the message names the extra.

    Examples
    --------
    >>> optional("no_such_package", "data", "this example")
    Traceback (most recent call last):
    ModuleNotFoundError: this example needs the package no_such_package, which the extra "data" \
installs: python -m pip install -e ".[data]"
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise  # it is there, but lacks something of its own
        raise ModuleNotFoundError(
            f'{purpose} needs the package {package}, which the extra "{extra}" installs: '
            f'python -m pip install -e ".[{extra}]"',
            name=error.name,
        ) from None
