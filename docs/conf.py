"""Sphinx's configuration. Build with: python -m sphinx -W -b html docs docs/_build/html."""

import sys
from importlib.resources import files
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

from adabound_np import __version__  # noqa: E402

project = "adabound-np"
author = "The adabound-np developers"
copyright = "The adabound-np developers"  # noqa: A001
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "api",
    "beside",
    "box",
    "explorer",
    "quoted",
    "named_tests",
    "tex",
]
exclude_patterns = ["_build", "_ext", "**.ipynb_checkpoints"]
nitpicky = True
default_role = "py:obj"
# In docstrings `x` may be an argument, which has no target; what has a capital or a dot must have
# one. Types are words ("array of float"), not references.
nitpick_ignore_regex = [
    ("py:obj", r"[a-z_0-9]+(=.*)?|np\.\w+|autograd_lite\.engine\.P"),
    ("py:obj", r"(matplotlib|scipy)\..*|LayoutEngine|AbstractPathEffect"),
    ("py:(class|exc)", ".*"),
]

nb_execution_mode = "off"  # docs/notebooks.py executes them and stores what they show
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_linkify_fuzzy_links = False

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings state types, shapes and ranges
# Matplotlib gives each subclass of its own a method `set`.
autodoc_default_options = {"show-inheritance": True, "exclude-members": "set"}
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]

html_theme = "furo"
html_title = f"adabound-np {release}"
html_show_sphinx = False
html_show_sourcelink = html_copy_source = False
# MathJax in one file, fonts included, from a package: nothing is fetched from a network.
html_static_path = ["_static", str(files("sphinx-mathjax-offline") / "static/mathjax/tex-svg.js")]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_js_files = ["site.js"]
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}}
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5394", "color-brand-content": "#0b5394"},
    "dark_css_variables": {"color-brand-primary": "#8ab8e6", "color-brand-content": "#8ab8e6"},
}
