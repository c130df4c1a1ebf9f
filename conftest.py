"""Every Python block of the READMEs and docs, and every example in a docstring, is a test."""

from doctest import ELLIPSIS, NORMALIZE_WHITESPACE

from sybil import Sybil
from sybil.parsers.doctest import DocTestParser
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.sybil import SybilCollection

FLAGS = ELLIPSIS | NORMALIZE_WHITESPACE

pages = [PythonCodeBlockParser(doctest_optionflags=FLAGS), SkipParser()]

pytest_collect_file = SybilCollection(
    [
        Sybil(pages, filenames=["README.md", "README.zh-CN.md"]),
        Sybil(pages, path="docs", pattern="*.md"),
        Sybil([DocTestParser(optionflags=FLAGS)], path="src", pattern="*.py"),
    ]
).pytest()
