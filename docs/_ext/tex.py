r"""Typeset the formulas of docstrings, which write LaTeX plainly: "\alpha > 0, the step size".

`wrap` finds formulas in prose and puts them into the role ``math``. A formula is a run of
symbols, numbers, operators and brackets with at least one LaTeX command or one symbol with an
index (x_t, m_{t-1}) in it. Words end it, as do commas outside brackets.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

__all__ = ["setup", "typeset", "wrap"]

#: Words that occur inside formulas and are set upright there.
WORDS = ("Clip", "clip", "diag", "radius", "center", "slope")
#: What stays as it is: literals, roles, references, bold type, escaped asterisks.
LEAVE = re.compile(r"``.+?``|:[\w:+-]+:`[^`]*`|`[^`]*`_{0,2}|\*\*.+?\*\*|\\\*", re.DOTALL)
#: What a formula is made of, in the order of trial.
PATTERNS = {
    "command": re.compile(r"\\([A-Za-z]+|[|,;!{}])"),
    "word": re.compile(r"(?<![A-Za-z])(?:" + "|".join(WORDS) + r")(?![A-Za-z])"),
    "symbol": re.compile(r"(?<![A-Za-z'’-])[A-Za-z](?![A-Za-z\d]|'[A-Za-z]|-[A-Za-z])'*"),
    "number": re.compile(r"\d+(\.\d+)?(?!\.?\d|e-?\d|[A-Za-z]{2})"),
    "dots": re.compile(r"\.\.\."),
    "postfix": re.compile(r"!|\*(?=[),;]|$)"),
    "operator": re.compile(r"<=|>=|[=<>+*/|^]|-(?!-)"),
}
SCRIPT = re.compile(r"[_^](?=[{\\\w*+-])")
CLOSING = {"(": ")", "[": "]", "{": "}"}
SUBSTITUTES = {"<=": r"\le ", ">=": r"\ge ", "...": r"\dots ", "*": r"\cdot "}
ANGLES = re.compile(r"\\langle (.+?)\\rangle", re.DOTALL)


class Piece(NamedTuple):
    """A piece of a formula, which ends before text[end]; `proof`: that it must be one."""

    end: int
    tex: str
    kind: str
    proof: bool = False


def _group(text: str, start: int) -> int:
    """End of the bracket that opens at `start`, or -1."""
    depth = 0
    for i in range(start, len(text)):
        if text[i] in "([{" and text[i - 1] != "\\":
            depth += 1
        elif text[i] in ")]}" and text[i - 1] != "\\":
            depth -= 1
            if depth == 0:
                return i + 1 if text[i] == CLOSING[text[start]] else -1
    return -1


def _script(text: str, start: int) -> tuple[int, str]:
    """End and LaTeX of the indices and exponents that follow a symbol."""
    tex = ""
    while SCRIPT.match(text, start):
        mark, at = text[start], start + 1
        if text[at] == "{":
            end = _group(text, at)
        elif command := PATTERNS["command"].match(text, at):
            end = command.end()
        else:
            end = -1 if re.match(r"\w\w", text[at : at + 2]) else at + 1
        if end < 0:
            break
        tex, start = f"{tex}{mark}{text[at:end]}", end
    return start, tex


def _piece(text: str, at: int) -> Piece | None:
    """The piece of a formula that starts at `at`, or None."""
    if text[at] in CLOSING:
        end = _group(text, at)
        inside = _formula(text[at + 1 : end - 1]) if end > 0 else None
        if inside is None:
            return None
        end, script = _script(text, end)
        return Piece(end, text[at] + inside.tex + CLOSING[text[at]] + script, "", inside.proof)
    if angles := ANGLES.match(text, at):
        return Piece(angles.end(), angles[0], "", True)
    found = ((kind, pattern.match(text, at)) for kind, pattern in PATTERNS.items())
    kind, match = next((pair for pair in found if pair[1]), ("", None))
    return _atom(text, kind, match) if match else None


def _atom(text: str, kind: str, match: re.Match[str]) -> Piece | None:
    """The piece that a pattern has matched, with indices, exponents and arguments."""
    tex = rf"\mathrm{{{match[0]}}}" if kind == "word" else SUBSTITUTES.get(match[0], match[0])
    if kind == "postfix":
        return Piece(match.end(), "^*" if match[0] == "*" else "!", kind)
    if kind in ("operator", "dots"):
        return Piece(match.end(), tex, kind)
    end, script = _script(text, match.end())
    while kind == "command" and text[end : end + 1] == "{":  # arguments, as they are
        close = _group(text, end)
        if close < 0:
            return None
        after, more = _script(text, close)
        end, script = after, script + text[end:close] + more
    proof = kind == "command" or (kind == "symbol" and "_" in script)
    return Piece(end, tex + script, kind, proof)


def _formula(text: str) -> Piece | None:
    """All of `text`, the inside of a bracket, as a formula; None if something in it is not."""
    at, tex, proof = 0, "", False
    while at < len(text):
        if text[at].isspace() or text[at] in ",:":
            tex, at = tex + text[at], at + 1
        elif piece := _piece(text, at):
            tex, at, proof = tex + piece.tex, piece.end, proof or piece.proof
        else:
            return None
    return Piece(at, tex, "", proof)


def _run(text: str, at: int) -> tuple[int, str]:
    """End and LaTeX of the formula that starts at `at`; (at, "") if none does."""
    pieces: list[tuple[int, Piece]] = []
    start = at
    while at < len(text) and (piece := _piece(text, at)):
        pieces.append((at, piece))
        at = piece.end + (text[piece.end : piece.end + 1].isspace())
    while pieces and _cannot_end(pieces, text):
        pieces.pop()
    while pieces and _cannot_start(pieces):
        pieces = []
    if not any(piece.proof for _, piece in pieces):
        return start, ""
    tex, end = "", start
    for at, piece in pieces:
        tex += text[end:at] + piece.tex
        end = piece.end
    return end, tex.strip()


def _cannot_end(pieces: list[tuple[int, Piece]], text: str) -> bool:
    """Whether the last piece is an operator, or an article that follows the formula."""
    last, before = pieces[-1][1], pieces[-2][1] if len(pieces) > 1 else None
    article = last.tex in ("a", "A", "I") and (before is None or before.kind != "operator")
    article = article and re.match(r"\s\w", text[last.end :]) is not None
    return last.kind in ("operator", "dots") or article


def _cannot_start(pieces: list[tuple[int, Piece]]) -> bool:
    """Whether the first piece is a binary operator, or an article before the formula."""
    first, after = pieces[0][1], pieces[1][1] if len(pieces) > 1 else None
    article = first.tex in ("a", "A", "I") and (after is None or after.kind != "operator")
    return article or (first.kind == "operator" and first.tex not in ("-", "|"))


def _wrap_prose(text: str) -> str:
    out, at = "", 0
    while at < len(text):
        end, tex = (at, "") if at and text[at - 1].isalnum() else _run(text, at)
        if tex:
            # reST wants a role set off from letters; an escaped space is one that does not show.
            before = "" if re.search(r"(^|[\s(\[{\"'/-])$", out) else "\\ "
            after = "\\ " if re.match(r"[\w'(\[]", text[end:]) else ""
            out += f"{before}:math:`{tex}`{after}"
            at = end
        else:
            # Neither emphasis nor substitutions occur in the docstrings; |x| and *args do.
            out, at = out + ("\\" if text[at] in "|*" else "") + text[at], at + 1
    return out


def wrap(text: str) -> str:
    r"""Prose with its formulas in the role ``math``; the number of lines does not change.

    Examples
    --------
    >>> wrap(r"\alpha > 0, the step size.")
    ':math:`\\alpha > 0`, the step size.'
    >>> wrap("m_t and `v_t` after ``x_t``")
    ':math:`m_t` and `v_t` after ``x_t``'
    """
    out, at = "", 0
    for match in LEAVE.finditer(text):
        out += _wrap_prose(text[at : match.start()]) + match[0]
        at = match.end()
    return out + _wrap_prose(text[at:])


def typeset(lines: list[str]) -> list[str]:
    """A docstring's lines with formulas wrapped; directives and doctests stay as they are."""
    out: list[str] = []
    paragraph: list[str] = []
    block: int | None = None
    doctest = rows = False

    def flush() -> None:
        if paragraph:
            indent = " " * _indent(paragraph[0])
            text = "\n".join(line.strip() for line in paragraph)
            out.extend(indent + line for line in wrap(text).split("\n"))
            paragraph.clear()

    for given in lines:
        line = given
        if line.strip() and block is not None and _indent(line) <= block:
            block = None
        if not line.strip():
            doctest = False
        elif line.lstrip().startswith(">>>"):
            doctest = True
        if line.lstrip().startswith(".. "):
            block = _indent(line)
            rows = line.lstrip().startswith(".. math::")
        elif block is not None and rows and line.strip():
            first = not out[-1].strip() or out[-1].lstrip().startswith(".. ")
            line = _rows(line, first)
        ruler = set(line.strip()) <= set("=-~ ")
        name = re.match(r"\s*[\w*\\]+(, [\w*\\]+)* : ", line) is not None  # of an argument
        table = line.lstrip().startswith("`") and "  " in line.strip()
        if block is not None or doctest or ruler or name or table:
            flush()
            out.append(wrap(line) if table else line)
        else:
            if paragraph and _indent(line) != _indent(paragraph[0]):
                flush()
            paragraph.append(line)
        if line.rstrip().endswith("::") and block is None:
            block = _indent(line)
    flush()
    return out


def _rows(line: str, first: bool) -> str:
    r"""A line of a displayed formula, with its own row for what \qquad or \quad sets off."""
    start = " " * _indent(line) + ("& " if first else "")
    return start + re.sub(r",\s*\\q?quad(?![a-z])", r", \\\\ &", line.strip())


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    # Napoleon takes what stands before a colon in a variable's first line for its type.
    lines[:] = [""] * (what in ("attribute", "data")) + typeset(lines)


def setup(app: Any) -> dict[str, Any]:
    """Connect before napoleon, which reads sections and leaves the rest."""
    app.connect("autodoc-process-docstring", _process, priority=100)
    return {"version": "1", "parallel_read_safe": True}
