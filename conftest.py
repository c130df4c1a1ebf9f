"""Every Python block of the READMEs and docs, and every example in a docstring, is a test; no comment skips one."""

from doctest import ELLIPSIS, NORMALIZE_WHITESPACE

from sybil import Sybil
from sybil.parsers.doctest import DocTestParser
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.sybil import SybilCollection

FLAGS = ELLIPSIS | NORMALIZE_WHITESPACE

pages = [PythonCodeBlockParser(doctest_optionflags=FLAGS)]

# Blocks that are not Python are tried by tests/docs/test_blocks.py, which also holds that every Python block is here.
sybils = SybilCollection(
    [
        Sybil(pages, filenames=["README.md", "README.zh-CN.md"]),
        Sybil(pages, path="docs", pattern="*.md"),
        Sybil([DocTestParser(optionflags=FLAGS)], path="src", pattern="*.py"),
    ]
)
pytest_collect_file = sybils.pytest()
