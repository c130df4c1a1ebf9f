"""Drawing with Altair and vl-convert: one look for every chart, text that stays text, Chinese in every browser."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from communitygov.vocabulary.errors import MissingExtra, UsageError
from communitygov.vocabulary.text import Language

if TYPE_CHECKING:
    from types import ModuleType

__all__ = [
    "COLOURS",
    "FONTS",
    "altair",
    "check_picture",
    "cjk_font",
    "draw_png",
    "draw_svg",
    "styled",
    "write_picture",
]

_CHINESE = (
    "'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', 'WenQuanYi Micro Hei'"
)
_LATIN = "'Segoe UI', 'Helvetica Neue', 'Noto Sans', Arial"

FONTS: Mapping[Language, str] = {
    "zh": f"{_CHINESE}, {_LATIN}, system-ui, sans-serif",
    "en": f"{_LATIN}, {_CHINESE}, system-ui, sans-serif",
}
"""Fonts of every common system, Chinese ones among them, by the language that comes first."""

COLOURS = ("#0b6e99", "#d9631e", "#5f6b73", "#3b8f5a", "#a64d79", "#c9a227", "#6a5acd", "#2f2f2f")
"""Colours of variants; neighbours differ in lightness too, for print and for the colour-blind."""

_INK, _QUIET, _GRID = "#22313a", "#66757f", "#e3e8eb"

_FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
)
_CJK_FILES = re.compile(
    r"(noto(sans|serif)(cjk|sc)|sourcehan|pingfang|stheiti|hiragino ?sans ?gb|msyh|simhei|simsun|deng|wqy|wenquanyi|"
    r"droidsansfallback|arphic|uming|ukai)[^/]*\.(ttf|ttc|otf)$",
    re.IGNORECASE,
)


def altair() -> ModuleType:
    """Return Altair.

    Raises:
        MissingExtra: If it or vl-convert is not installed.

    Example:
        >>> altair().__name__
        'altair'
    """
    found = []
    for name in ("altair", "vl_convert"):
        try:
            found.append(import_module(name))
        except ModuleNotFoundError:
            raise MissingExtra.named("report", name) from None
    return found[0]


def styled(chart: Any, lang: Language) -> Any:
    """Return a chart in the look that all have.

    Args:
        chart: An Altair chart.
        lang: The language of its words, whose fonts come first.
    """
    font = FONTS[lang]
    return (
        chart.configure(font=font, background="white", padding=8)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_QUIET, titleColor=_QUIET, gridColor=_GRID, domainColor=_GRID, tickColor=_GRID,
            labelFontSize=13, titleFontSize=13, titleFontWeight="normal",
        )
        .configure_legend(labelColor=_INK, labelFontSize=13, titleColor=_QUIET, labelLimit=0, titleFontWeight="normal")
        .configure_text(font=font)
    )  # fmt: skip


def draw_svg(chart: Any, *, about: str) -> str:
    """Draw a chart as SVG whose text is text.

    Args:
        chart: An Altair chart.
        about: What it shows, for those who cannot see it.

    Returns:
        One ``svg`` element, which scales with its surroundings and names nothing outside itself.
    """
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(chart.to_dict())
    return _accessible(svg, about)


def draw_png(chart: Any) -> bytes:
    """Draw a chart as PNG, at twice its size.

    Args:
        chart: An Altair chart.

    Raises:
        UsageError: If no font with Chinese is found, without which a PNG would show boxes.
    """
    _check_font()
    import vl_convert

    png: bytes = vl_convert.vegalite_to_png(chart.to_dict(), scale=2)
    return png


def write_picture(chart: Any, file: str | Path, *, about: str) -> Path:
    """Write a chart to a file.

    Args:
        chart: An Altair chart.
        file: A ``.svg`` or ``.png`` file.
        about: What it shows, for those who cannot see it.

    Returns:
        The file.

    Raises:
        UsageError: If the suffix is neither, or a PNG is asked for and no font with Chinese is found.
    """
    check_picture(file)
    file = Path(file)
    if file.suffix.lower() == ".svg":
        file.write_text(draw_svg(chart, about=about) + "\n", encoding="utf-8")
    else:
        file.write_bytes(draw_png(chart))
    return file


def check_picture(file: str | Path) -> None:
    """Refuse a file that no picture can be written to.

    Args:
        file: The file.

    Raises:
        UsageError: If its suffix is neither ``.svg`` nor ``.png``, or it is a PNG and no font with Chinese is found.

    Example:
        >>> check_picture("chart.svg")
    """
    suffix = Path(file).suffix.lower()
    if suffix not in (".svg", ".png"):
        raise UsageError.because(
            "unknown-suffix", zh=f"{file}：图片须以 .svg 或 .png 结尾", en=f"{file}: a picture must end in .svg or .png"
        )
    if suffix == ".png":
        _check_font()


def _check_font() -> None:
    if cjk_font() is None:
        raise UsageError.because(
            "no-cjk-font",
            zh="没有找到中文字体，PNG 会显示方框；请安装一种（如 fonts-noto-cjk），或改用 .svg",
            en="no font with Chinese was found, so a PNG would show boxes; install one (such as fonts-noto-cjk) "
            "or write .svg",
        )


def cjk_font(folders: Sequence[str] | None = None) -> Path | None:
    """Return the file of a font with Chinese, or None if there is none.

    Args:
        folders: Where fonts are; where the common systems keep them, if None.

    Example:
        >>> cjk_font([]) is None
        True
    """
    for folder in _FONT_FOLDERS if folders is None else folders:
        root = Path(folder).expanduser()
        for file in sorted(root.rglob("*")) if root.is_dir() else ():
            if _CJK_FILES.search(file.name):
                return file
    return None


def _accessible(svg: str, about: str) -> str:
    from html import escape

    head, _, rest = svg.partition(">")
    head = re.sub(r'\s(width|height)="[^"]*"', "", head, count=2)
    return f'{head} role="img" aria-label="{escape(about)}" style="max-width:100%;height:auto">{rest}'
