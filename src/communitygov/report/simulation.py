"""The report of a simulation: what its frames say, gathered for a page, drawn and written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from communitygov import __version__
from communitygov.certification.rules import Certification
from communitygov.measures.rules import Expectation
from communitygov.profile.coverage import coverage
from communitygov.profile.profile import Profile, RuleSet
from communitygov.report.changes import shown_changes
from communitygov.report.charts import Line, Move, Point, Target, index_chart, moves_chart, share_chart
from communitygov.report.contents import Contents, Picture, Side
from communitygov.report.drawing import draw_svg
from communitygov.report.figures import blocks, chances, model_block
from communitygov.report.page import page
from communitygov.simulation.results import Simulation
from communitygov.simulation.variants import Variant
from communitygov.vocabulary.text import Language, Title

__all__ = ["contents", "pictures", "target_of", "write_report"]

_SHARE = Title(zh="星级社区占全区社区", en="certified, share of all")
_NO_TIER = Title(zh="无", en="none")


def write_report(
    simulation: Simulation, profile: Profile, file: str | Path, *, lang: Language = "en", other: str | None = None
) -> list[Path]:
    """Write the report of a simulation as one HTML page that works offline, and its charts as SVG beside it.

    Args:
        simulation: The simulation.
        profile: The profile that was simulated.
        file: The page's file; the charts go to its folder, such as ``star_share.svg``, or ``star_share.zh-CN.svg`` if
            the page's name says its language.
        lang: The language of the page.
        other: The file name of the same report in the other language, to link to.

    Returns:
        The files written, the page first.

    Raises:
        MissingExtra: If Altair or vl-convert is not installed (extra ``report``).

    Example:
        >>> import tempfile
        >>> import communitygov
        >>> from communitygov.simulation.run import simulate
        >>> from communitygov.simulation.worlds import World
        >>> profile = communitygov.load_profile("shijingshan")
        >>> done = simulate(profile, World.drawn(seed=1), last=2022, draws=2)
        >>> files = write_report(done, profile, Path(tempfile.mkdtemp()) / "report.html", lang="zh")
        >>> [file.name for file in files]
        ['report.html', 'star_share.svg', 'index_tree.svg']
    """
    file = Path(file)
    found = contents(simulation, profile)
    drawn = {picture.name: draw_svg(picture.draw(lang), about=picture.title.say(lang)) for picture in found.pictures}
    link = None if other is None else (other, "English" if lang == "zh" else "中文")
    file.write_text(page(found, drawn, lang, other=link), encoding="utf-8")
    marks = Path(file.stem).suffix
    files = [file]
    for name, svg in drawn.items():
        beside = file.with_name(f"{name}{marks}.svg")
        beside.write_text(svg + "\n", encoding="utf-8")
        files.append(beside)
    return files


def contents(simulation: Simulation, profile: Profile) -> Contents:
    """Gather what the report of a simulation says.

    Args:
        simulation: The simulation.
        profile: The profile that was simulated.
    """
    rules = profile.at(simulation.last)
    found = coverage(profile)
    title = rules.rules.profile.name(profile.name)
    rule = rules.certification[simulation.certification]
    asked = rules.rules.interpretations
    tried = {
        question: tuple(
            dict.fromkeys(one.readings[question] for one in simulation.variants if question in one.readings)
        )
        for question in asked
        if any(question in one.readings for one in simulation.variants)
    }
    return Contents(
        title=Title(
            zh=f"{title.zh}：{simulation.first}—{simulation.last} 年模拟",
            en=f"{title.en}, {simulation.first} to {simulation.last}: a simulation",
        ),
        subtitle=_subtitle(simulation, rule),
        sides=tuple(_side(simulation, profile, rules, variant) for variant in simulation.variants),
        target=target_of(rules),
        pictures=pictures(simulation, profile),
        blocks=tuple(blocks(simulation, rules)),
        assumptions=found.assumptions,
        questions=asked,
        tried=tried,
        contradictions=tuple(one.says for one in rules.rules.contradictions.values()),
        model=model_block(simulation),
        provenance=tuple(_provenance(simulation, profile)),
    )


def pictures(simulation: Simulation, profile: Profile) -> tuple[Picture, ...]:
    """Return the charts of a simulation.

    Args:
        simulation: The simulation.
        profile: The profile that was simulated.
    """
    rules = profile.at(simulation.last)
    rule = rules.certification[simulation.certification]
    lines, target = [_line(simulation, variant) for variant in simulation.variants], target_of(rules)
    found = [
        Picture(
            "star_share",
            Title(zh="每年有多少社区获星级", en="How many are certified, year by year"),
            Title(
                zh="线为各次抽取的均值，色带为其中 90%（5% 至 95%）。虚线是来源自己的目标，菱形是其期限。",
                en="Lines are means over draws, bands hold 90% of draws (5% to 95%). The dashed line is the source's "
                "own target, the diamond its date.",
            ),
            lambda lang: share_chart(lines, lang, target=target, measured=_SHARE),
        )
    ]
    moves, titles = _moves(simulation, rule), [variant.title for variant in simulation.variants]
    if moves:
        first = titles[0]
        found.append(
            Picture(
                "gains_and_losses",
                Title(zh="谁得谁失", en="Who gains and who loses"),
                Title(
                    zh=f"与“{first.zh}”相比，同一社区在同样的得分下星级的变化：线上为升，线下为降，单位为社区数（均值）。",
                    en=f"Against \u201c{first.en}\u201d: the same communities with the same scores. Above the line "
                    "those who gain, below it those who lose, in communities (means over draws).",
                ),
                lambda lang: moves_chart(moves, titles, lang),
            )
        )
    index = rules.index[rule.of]
    named = index.name(rule.of)
    found.append(
        Picture(
            "index_tree",
            Title(zh="得分由什么构成", en="What the score is made of"),
            Title(
                zh="每列是一级指标，高度即权重；末级的颜色是评价方式。右侧数字是在总分中的份额。",
                en="Each column is a level, heights are weights, the colours of the last level are ways of measuring. "
                "Figures are shares of the whole.",
            ),
            lambda lang: index_chart(index, named, lang),
        )
    )
    return tuple(found)


def _subtitle(simulation: Simulation, rule: Certification) -> Title:
    named = rule.name(simulation.certification)
    return Title(
        zh=f"{named.zh}：{simulation.subjects} 个社区，{simulation.draws} 次抽取，{len(simulation.variants)} 种情形；"
        "各种情形面对同样的得分。",
        en=f"{named.en}: {simulation.subjects} communities, {simulation.draws} draws, {len(simulation.variants)} "
        "variants, all of which meet the same scores.",
    )


def _side(simulation: Simulation, profile: Profile, rules: RuleSet, variant: Variant) -> Side:
    laid = profile.at(simulation.last, reforms=variant.reforms, readings=variant.readings)
    return Side(
        line=_line(simulation, variant),
        about=_about(variant, rules),
        chances=tuple(chances(simulation, rules, variant)),
        changes=shown_changes(rules, laid),
    )


def _about(variant: Variant, rules: RuleSet) -> Title:
    """Return why a reform is proposed, and which questions readings answer."""
    said = [reform.head.because for reform in variant.reforms if reform.head.because is not None]
    for question in variant.readings:
        asked = rules.rules.interpretations[question]
        cited = ", ".join(asked.clause)
        said.append(Title(zh=f"{asked.question.zh}（{cited}）", en=f"{asked.question.en} ({cited})"))
    return Title(zh="".join(one.zh for one in said), en=" ".join(one.en for one in said))


def _line(simulation: Simulation, variant: Variant) -> Line:
    rows = [row for row in simulation.stars.iter_rows(named=True) if row["variant"] == variant.name]
    points = [Point(row["year"], row["mean"], row["low"], row["high"]) for row in rows]
    return Line(variant.title, tuple(points))


def target_of(rules: RuleSet) -> Target | None:
    """Return the target that is a share of all certified, if the rules have one.

    Args:
        rules: The rules.

    Example:
        >>> import communitygov
        >>> target = target_of(communitygov.load_profile("shijingshan").at("2025"))
        >>> str(target.share), target.clause
        ('1/2', ('SJS-26',))
    """
    for key, expectation in rules.rules.expectations.items():
        if _of_all_certified(rules, expectation):
            assert expectation.at_least is not None
            year = None if expectation.by is None else expectation.by.first_day.year
            return Target(expectation.name(key), expectation.at_least, year, expectation.clause)
    return None


def _of_all_certified(rules: RuleSet, expectation: Expectation) -> bool:
    measure = rules.rules.measures.get(expectation.measure or "")
    return (
        expectation.kind == "target"
        and expectation.at_least is not None
        and measure is not None
        and measure.of == "certified"
        and measure.numerator.what == "count"
        and measure.base is not None
        and measure.base.what == "count"
    )


def _moves(simulation: Simulation, rule: Certification) -> list[Move]:
    titles = {variant.name: variant.title for variant in simulation.variants}

    def named(tier: str | None) -> Title:
        return (
            _NO_TIER if tier is None else rule.tiers[tier].name(tier) if tier in rule.tiers else Title(zh=tier, en=tier)
        )

    return [
        Move(
            titles[row["variant"]],
            row["year"],
            named(row["before"]),
            named(row["after"]),
            row["change"] == "gains",
            row["mean"],
        )
        for row in simulation.moves.iter_rows(named=True)
    ]


def _provenance(simulation: Simulation, profile: Profile) -> Iterator[tuple[Title, str]]:
    import polars

    seed = "-" if simulation.seed is None else str(simulation.seed)
    yield Title(zh="方案", en="profile"), f"{profile.name} {profile.version}"
    yield Title(zh="随机种子", en="seed"), seed
    yield Title(zh="抽取次数", en="draws"), str(simulation.draws)
    yield (
        Title(zh="软件", en="software"),
        f"communitygov {__version__}, polars {polars.__version__}, {simulation.software}",
    )
    for variant in simulation.variants:
        digests = simulation.digests[variant.name]
        years: dict[str, list[int]] = {}
        for year, digest in digests.items():
            years.setdefault(digest, []).append(year)
        for digest, held in years.items():
            title = Title(
                zh=f"规则摘要：{variant.title.zh}，{held[0]}—{held[-1]}",
                en=f"digest of the rules: {variant.title.en}, {held[0]} to {held[-1]}",
            )
            yield title, f"sha256:{digest}"
