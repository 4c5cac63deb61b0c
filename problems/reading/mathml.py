"""LaTeX as MathML, which browsers show without a typesetter."""

from __future__ import annotations

import re

__all__ = ["mathml"]


def mathml(latex: str, display: str = "inline") -> str:
    r"""Return a formula as a ``<math>`` element.

    Parameters
    ----------
    latex : str
        The formula, without dollar signs.
    display : {"inline", "block"}
        Layout within a line, or on its own line.

    Raises
    ------
    ModuleNotFoundError
        If the package latex2mathml is missing; the extra ``course`` has it.

    Examples
    --------
    >>> mathml(r"\eta_t").count("<msub>")
    1
    """
    try:
        from latex2mathml.converter import convert
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "formulas need the package latex2mathml: pip install 'adabound-np[course]'",
            name=error.name,
        ) from None

    # The converter sets the letters of \mathrm one by one.
    return str(
        convert(re.sub(r"\\mathrm\{(\w{2,})\}", r"\\operatorname{\1}", latex), display=display)
    )
