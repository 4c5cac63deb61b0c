"""Open a page that runs the optimizers' own lines, translated to JavaScript, in the browser."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from pathlib import Path

import problems
from problems.commands.options import add_optimizers, add_output, carry_out, output_folder
from problems.files import write_text
from problems.results.explore import Explorer


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add_optimizers(parser, ["all"])
    add_output(parser)
    add("--no-open", action="store_true", help="only write the page, explorer.html")
    add(
        "--module",
        type=module_file,
        metavar="FILE.mjs",
        help="only write the JavaScript module with the translated lines, for use elsewhere",
    )


def module_file(text: str) -> Path:
    """A file name that ends with .mjs or .js, in a folder that can be written to."""
    path = Path(text)
    if path.suffix not in (".mjs", ".js"):
        raise argparse.ArgumentTypeError(f"must end with .mjs or .js, got {text!r}")
    try:
        output_folder(str(path.parent))
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"must be a file that can be written, got {error}"
        ) from None
    return path


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    if options.module is not None:
        return write_module(options)

    def made() -> Explorer:
        explorer = problems.explore(options.optimizers)
        _ = explorer.html  # made here, where a missing package is reported
        return explorer

    code = carry_out(options, made)
    if code == 0 and not (options.no_open or options.json):
        webbrowser.open((Path(options.out) / "explorer.html").resolve().as_uri())
    return code


def write_module(options: argparse.Namespace) -> int:
    """Write the module alone."""
    try:
        text = problems.explore(options.optimizers).module
    except (TypeError, ValueError) as error:
        options.parser.error(str(error))
    try:
        options.module.parent.mkdir(parents=True, exist_ok=True)
        write_text(options.module, text)
    except OSError as error:
        print(f"the file cannot be written: {error}", file=sys.stderr)
        return 1
    print(f"wrote {options.module}: {len(text.encode()) / 1000:.0f} kB")
    return 0
