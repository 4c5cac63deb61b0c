#!/usr/bin/env bash
# Runs once, when Gradescope builds the autograder's image: an environment with NumPy.
set -euo pipefail
root=${AUTOGRADER_ROOT:-/autograder}
if ! python3 -c 'import ensurepip' 2>/dev/null; then
    apt-get update && apt-get install -y python3 python3-venv
fi
python3 -m venv "$root/venv"
# From the wheels beside this file; from the network if there is none for this Python.
"$root/venv/bin/python" -m pip install --no-index --find-links "$root/source/wheels" numpy ||
    "$root/venv/bin/python" -m pip install numpy
