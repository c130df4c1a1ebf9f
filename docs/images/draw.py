"""Draw the procedures of the docs, by `.venv/bin/python docs/images/draw.py`. It needs Graphviz and a Chinese font."""

from pathlib import Path

from communitygov.plugins.finding import load_profile
from communitygov.report.procedure_graphviz import svg

HERE = Path(__file__).resolve().parent

whistle = load_profile("zhanlanlu").at(2018).procedure["whistle"]
(HERE / "whistle.svg").write_text(svg(whistle, "en") + "\n", encoding="utf-8")
(HERE / "whistle.zh-CN.svg").write_text(svg(whistle, "zh") + "\n", encoding="utf-8")
