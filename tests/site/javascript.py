"""Runs JavaScript on the explorer's module: in Node where it is, else in Chromium."""

import base64
import json
import shutil
import subprocess

import numpy as np
import pytest

from tests.site.pages import browser

#: Numbers as text in which nothing is lost, not even NaN.
BYTES = """
const bytes = (numbers) => {
  let text = "";
  const array = new Uint8Array(Float64Array.from(numbers).buffer);
  for (const byte of array) text += String.fromCharCode(byte);
  return btoa(text);
};
"""


def numbers(text):
    """What the function ``bytes`` of `BYTES` was given."""
    return np.frombuffer(base64.b64decode(text), np.float64)


def in_node(module, body):
    """The value that the body of an async function returns; the module's names are in `m`."""
    code = (
        f"import * as m from {json.dumps(module.as_uri())};{BYTES}"
        f"const value = await (async () => {{{body}}})();"
        "process.stdout.write(JSON.stringify(value));"
    )
    command = ["node", "--input-type=module", "--eval", code]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def in_chromium(window, module, body):
    """The same in a page of a browser."""
    data = base64.b64encode(module.read_bytes()).decode()
    code = (
        f"const done = arguments[arguments.length - 1];{BYTES}"
        f"import('data:text/javascript;base64,{data}').then(async (m) => {{{body}}})"
        ".then((value) => done([value, null]), (error) => done([null, String(error)]));"
    )
    value, error = window.execute_async_script(code)
    assert error is None, error
    return value


@pytest.fixture(scope="module")
def run_javascript():
    """A function of a module's path and of code, that gives the code's value."""
    if shutil.which("node"):
        yield in_node
        return
    with browser() as window:
        window.get("data:text/html,<title>module</title>")
        yield lambda module, body: in_chromium(window, module, body)
