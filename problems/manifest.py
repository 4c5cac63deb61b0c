"""What a result was made with: versions, platform, command, seed."""

from __future__ import annotations

import hashlib
import json
import platform
from typing import Any

from adabound_np import __version__

__all__ = ["manifest", "suffix", "to_json"]

#: Packages whose versions can change a result.
PACKAGES = ("numpy", "scipy", "matplotlib")


def manifest(command: str, seed: int | None = None) -> dict[str, Any]:
    """Return what a result was made with, as plain values.

    Parameters
    ----------
    command : str
        Name of the function of `problems`.
    seed : int, optional
        Seed of all that is random.

    Examples
    --------
    >>> manifest("trace")["command"], sorted(manifest("trace"))[:2]
    ('trace', ['adabound_np', 'command'])
    """
    from importlib.metadata import version

    return {
        "command": command,
        "seed": seed,
        "adabound_np": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "platform": platform.platform(),
    }


def suffix(constants: dict[str, Any], usual: dict[str, Any]) -> str:
    """Return what is added to a file's name: nothing for the usual constants, else a short hash.

    Examples
    --------
    >>> suffix({"C": 3.0}, {"C": 3.0}), suffix({"C": 4.0}, {"C": 3.0})
    ('', '-da98eb')
    """
    if constants == usual:
        return ""
    text = json.dumps(constants, sort_keys=True, default=repr)
    return "-" + hashlib.sha256(text.encode()).hexdigest()[:6]


def to_json(value: Any) -> Any:
    """Return `value` with what JSON cannot say, infinity and NaN, as strings.

    Examples
    --------
    >>> to_json({"x": [1.0, float("inf")]})
    {'x': [1.0, 'inf']}
    """
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    finite = not isinstance(value, float) or value - value == 0
    return value if finite else str(value)
