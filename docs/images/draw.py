"""Draw the procedures of the docs, by `.venv/bin/python docs/images/draw.py`. It needs Graphviz and a Chinese font."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from communitygov.plugins.finding import load_profile
from communitygov.procedure.case import Actor, Case, open_case
from communitygov.procedure.rules import Procedure
from communitygov.report.procedure_graphviz import svg
from communitygov.report.procedure_timeline import timeline
from communitygov.vocabulary.text import Language

HERE = Path(__file__).resolve().parent
FILES: tuple[tuple[Language, str], ...] = (("en", ""), ("zh", ".zh-CN"))
BEGIN = dt.datetime(2018, 6, 11, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A Monday. The case is made up; the rules are Zhanlanlu's."""


def whistle() -> Procedure:
    """Return the whistle of Zhanlanlu."""
    return load_profile("zhanlanlu").at(2018).procedure["whistle"]


def example(rule: Procedure) -> Case:
    """Return a case of an illegal building on a balcony, which two offices are called for, and which is ended late."""

    def after(hours: float) -> dt.datetime:
        return BEGIN + dt.timedelta(hours=hours)

    resident, community = Actor("r1", "resident"), Actor("c1", "community", "community-3")
    case = open_case(rule, "2018-0611", "complain", resident, BEGIN, None, kind="balcony_building")
    case = case.act("whistle", community, after(1.5), liaison="l7")
    for hours, office in ((2, "urban-management"), (3, "housing")):
        case = case.act("call", community, after(hours), department=office)
    case = case.act("report_in", Actor("u2", "department", "urban-management"), after(20))
    case = case.act("report_in", Actor("h5", "department", "housing"), after(29))
    return case.act("end", Actor("l7", "liaison", "urban-management"), after(55), result="solved")


def cases() -> Iterator[tuple[str, str]]:
    """Yield each picture of the example as a timeline: its file and its text."""
    rule = whistle()
    case = example(rule)
    acts, at = [event.act for event in case.history], BEGIN + dt.timedelta(days=4)
    for lang, tag in FILES:
        yield f"case{tag}.svg", timeline(rule, acts, at, lang, case=case.id) + "\n"


def main() -> None:
    """Draw all."""
    for lang, tag in FILES:
        (HERE / f"whistle{tag}.svg").write_text(svg(whistle(), lang) + "\n", encoding="utf-8")
    for name, text in cases():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
