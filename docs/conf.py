"""How the documentation is built: `make docs`, where a warning is an error."""

from importlib.metadata import version as version_of

project = "communitygov"
author = "The communitygov authors"
version = release = version_of("communitygov")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
nitpicky = False

html_theme = "furo"
html_title = f"communitygov {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_numpy_docstring = False
