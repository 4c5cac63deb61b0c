"""What the optimizers run on, and what is concluded."""

from importlib.util import find_spec as _find_spec
from pathlib import Path as _Path

# A file of the user's with the name of a package is found first, where Python is started beside it.
for _name in ("adabound_np", "autograd_lite"):
    _spec = _find_spec(_name)
    if _spec is not None and _spec.submodule_search_locations is None:
        raise ImportError(
            f"{_spec.origin} hides the package {_name}, which is installed in "
            f"{_Path(__file__).parents[1]}: rename that file, or start Python in another folder",
            name=__name__,
        )
