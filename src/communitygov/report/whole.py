"""A fragment of HTML as a page of its own, so that a browser knows its title, its language and how it is written."""

from __future__ import annotations

from html import escape

from communitygov.report.drawing import FONTS
from communitygov.vocabulary.text import Language

__all__ = ["whole_page"]


def whole_page(fragment: str, title: str, lang: Language) -> str:
    """Return a fragment as a page that needs nothing outside itself.

    Args:
        fragment: HTML that stands in a body.
        title: The page's title, as plain text.
        lang: The language.

    Example:
        >>> whole_page("<p>32</p>", "Scores <2024>", "en").splitlines()[0]
        '<!doctype html>'
    """
    tag = "zh-CN" if lang == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{tag}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>body{{margin:2em auto;max-width:70em;padding:0 1.5em;font:15px/1.6 {FONTS[lang]}}}</style>\n</head>\n"
        f"<body>\n{fragment}\n</body>\n</html>\n"
    )
