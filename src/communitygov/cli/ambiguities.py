"""`communitygov ambiguities`."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import find_profile, profile_argument
from communitygov.cli.output import emit, emit_frame
from communitygov.cli.progress import progress
from communitygov.cli.world import Facts, parameters_text, world_options
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.profile.profile import Profile
    from communitygov.simulation.ambiguity import Ambiguities

__all__ = ["ambiguities"]

_HEADS = (
    Title(zh="待解问题", en="open question"),
    Title(zh="另一种理解", en="another reading"),
    Title(zh="星级有变的对象", en="subjects whose tier changes"),
    Title(zh="每年", en="in a year"),
    Title(zh="判定有变的要求", en="targets whose verdict changes"),
    Title(zh="其他有变的数字", en="what else changes"),
)


@command(
    zh="逐一试过每个待解问题的每种理解，与方案采用的相比：多少对象的星级改变，哪些目标的判定改变，还有什么数字改变。"
    "改变最多的在前：可见哪处沉默要紧。",
    en="Try every reading of every open question, one at a time, against those that the profile takes: how many "
    "subjects' tiers change, which targets' verdicts, and what else. Those that change most come first, so that one "
    "sees which silence matters.",
    example="communitygov ambiguities shijingshan --to 2026 --draws 50",
    more=parameters_text,
)
@profile_argument
@world_options
@option(
    "--question", "questions", multiple=True, metavar="ID", zh="只试此问题；可多次", en="Only this one; may be repeated"
)
@option("--pairs", is_flag=True, zh="也试两个问题的理解同时改变", en="Try also every two readings together")
def ambiguities(profile: str, questions: tuple[str, ...], pairs: bool, as_json: bool, **options: Any) -> None:
    """Say which open questions change anybody's result."""
    from communitygov.simulation.ambiguity import ambiguities as tried

    found, facts = find_profile(profile), Facts.taken(options)
    world, arguments = facts.world(found), facts.arguments(found)
    with progress(Title(zh="逐一试过各种理解", en="trying every reading")) as tell:
        done = tried(found, world, pairs=pairs, questions=questions, progress=tell, **arguments)
    if as_json:
        more = {name: getattr(done, name) for name in ("first", "last", "draws", "seed", "subjects")}
        emit_frame(done.frame, schema="communitygov.ambiguities/1", as_json=True, more=more)
    else:
        emit(_text(found, done))


def _text(profile: Profile, done: Ambiguities) -> str:
    from communitygov.report.figures import quantity_title
    from communitygov.report.tables import table_text

    lang, rules = language(), profile.at(profile.first_day).rules
    between = "、" if lang == "zh" else ", "
    rows = []
    for row in done.frame.iter_rows(named=True):
        pairs = [(row["question"], row["reading"]), (row["other_question"], row["other_reading"])]
        names = []
        for question, reading in pairs:
            if question is not None:
                name = rules.interpretations[question].names.get(reading, Title(zh=reading, en=reading))
                names.append(name.say(lang))
        asked = " + ".join(question for question, _ in pairs if question is not None)
        if row["error"] is not None:
            rows.append([asked, " + ".join(names), None, None, row["error"] if lang == "en" else row["error_zh"], None])
            continue
        targets = [rules.expectations[key].name(key).say(lang) for key in row["expectations"]]
        numbers = [quantity_title(key).say(lang) for key in row["quantities"]]
        rows.append(
            [
                asked,
                " + ".join(names),
                Decimal(f"{row['subjects']:.1f}"),
                Decimal(f"{row['a_year']:.1f}"),
                between.join(targets),
                between.join(numbers),
            ]
        )
    said = Title(
        zh=f"{done.subjects} 个对象，{done.first}—{done.last} 年，{done.draws} 次抽取的均值",
        en=f"{done.subjects} subjects, {done.first} to {done.last}, means over {done.draws} draws",
    )
    return f"{said.say(lang)}\n\n{table_text([head.say(lang) for head in _HEADS], rows, lang)}"
