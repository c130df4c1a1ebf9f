"""`communitygov simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import find_profile, profile_argument, rules_options
from communitygov.cli.output import emit, emit_json
from communitygov.cli.progress import progress
from communitygov.cli.variants import variants_of
from communitygov.cli.world import Facts, parameters_text, world_options
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    from communitygov.profile.profile import Profile
    from communitygov.report.contents import Block
    from communitygov.simulation.results import Simulation

__all__ = ["pages_of", "simulate"]

FRAMES = ("stars", "tiers", "expectations", "quantities", "truly_top", "moves")
"""The frames of a simulation, in the order they are written."""

_CHINESE = ".zh-CN"


@command(
    zh="逐季逐年执行规则，在抽取的（或真实的）数据上比较几种情形，所有情形面对同样的随机数。\n\n"
    "同一问题给出几种 --reading，每种理解是一种情形；只给一种则各情形都采用。"
    "所有 --reform 合为一种情形（--each：各为一种），并与不改革的情形比较。",
    en="Carry the rules out quarter by quarter and year by year on drawn (or real) data, in several variants that all "
    "meet the same random numbers.\n\nSeveral --reading of one question are a variant each; a single one holds in "
    "all variants. All --reform together are one variant (with --each, one each), compared with the rules without "
    "them.",
    example="communitygov simulate shijingshan --from 2022 --to 2030 --reform examples/no-renewal.yaml \\\n"
    "  --reading renewal_reach=original_cut --reading renewal_reach=moved_cut --report report.html",
    more=parameters_text,
)
@profile_argument
@world_options
@rules_options(at=False)
@option(
    "--undated",
    is_flag=True,
    zh="也评判没有期限的要求（趋势、标准）",
    en="Judge also what has no date: trends and standards",
)
@option("--each", is_flag=True, zh="每个 --reform 各为一种情形", en="Each --reform is a variant of its own")
@option(
    "--report",
    metavar="FILE",
    zh="写网页报告（另写 .zh-CN.html 与 SVG）",
    en="Write the report, as FILE and as .zh-CN.html, and SVG",
)
@option("--picture", metavar="FILE", zh="写星级占比图（.svg 或 .png）", en="Write the chart of shares (.svg or .png)")
@option("--tables", metavar="DIR", zh="把各结果表写成 CSV", en="Write every result as CSV to a folder")
def simulate(
    profile: str,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    each: bool,
    undated: bool,
    report: str | None,
    picture: str | None,
    tables: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Simulate rules and what changes them."""
    from communitygov.simulation.run import simulate as run

    found, facts = find_profile(profile), Facts.taken(options)
    variants = variants_of(found, reforms, readings, each=each)
    _check_outputs(report, picture, tables)
    world, arguments = facts.world(found), facts.arguments(found)
    with progress(Title(zh="模拟", en="simulating")) as tell:
        done = run(found, world, variants=variants, undated=undated or world.is_real, progress=tell, **arguments)
    if as_json:
        emit_json(_plain(done))
    else:
        emit(_text(done, found, language()))
    _write(done, found, report=report, picture=picture, tables=tables)


def _check_outputs(report: str | None, picture: str | None, tables: str | None) -> None:
    """Refuse what could not be written in the end before anything is computed."""
    if report is not None and Path(report).suffix.lower() not in (".html", ".htm"):
        raise UsageError.because(
            "unknown-suffix", zh=f"{report}：报告须以 .html 结尾", en=f"{report}: a report must end in .html"
        )
    if report is not None or picture is not None:
        from communitygov.report.drawing import altair, check_picture

        altair()
        if picture is not None:
            check_picture(picture)
    for name in (report, picture):
        if name is not None and not Path(name).parent.is_dir():
            folder = Path(name).parent
            raise UsageError.because("no-folder", zh=f"没有文件夹 {folder}", en=f"there is no folder {folder}")
        if name is not None and Path(name).is_dir():
            raise UsageError.because(
                "no-folder", zh=f"{name} 是文件夹，不能作文件写", en=f"{name} is a folder, no file"
            )
    if tables is not None:
        for place in (Path(tables), *Path(tables).parents):
            if place.exists() and not place.is_dir():
                raise UsageError.because("no-folder", zh=f"{place} 不是文件夹", en=f"{place} is no folder")


def _plain(done: Simulation) -> dict[str, Any]:
    from communitygov.report.tables import frame_rows

    return {
        "schema": "communitygov.simulation/1",
        "profile": done.profile,
        "certification": done.certification,
        "first": done.first,
        "last": done.last,
        "draws": done.draws,
        "seed": done.seed,
        "subjects": done.subjects,
        "variants": {one.name: {"zh": one.title.zh, "en": one.title.en} for one in done.variants},
        "digests": {name: {str(year): one for year, one in held.items()} for name, held in done.digests.items()},
        **{name: frame_rows(getattr(done, name)) for name in FRAMES},
    }


def _text(done: Simulation, profile: Profile, lang: Language) -> str:
    from communitygov.report.figures import head_blocks

    said = Title(
        zh=f"{done.subjects} 个社区，{done.draws} 次抽取，种子 {'-' if done.seed is None else done.seed}；"
        "均值（5% 至 95%）",
        en=f"{done.subjects} communities, {done.draws} draws, seed {'-' if done.seed is None else done.seed}; "
        "means (5% to 95%)",
    )
    blocks = [_block(block, lang) for block in head_blocks(done, profile.at(done.last))]
    return "\n\n".join([said.say(lang), *blocks])


def _block(block: Block, lang: Language) -> str:
    from communitygov.report.tables import table_text

    heads = [head.say(lang) for head in block.heads]
    return f"{block.title.say(lang)}\n{table_text(heads, block.rows, lang)}"


def _write(done: Simulation, profile: Profile, *, report: str | None, picture: str | None, tables: str | None) -> None:
    written: list[Path] = []
    lang = language()
    if report is not None:
        from communitygov.report.simulation import write_report

        for tag, file, other in pages_of(Path(report)):
            written += write_report(done, profile, file, lang=tag, other=other.name)
    if picture is not None:
        from communitygov.report.drawing import write_picture
        from communitygov.report.simulation import pictures

        chart = pictures(done, profile)[0]
        written.append(write_picture(chart.draw(lang), picture, about=chart.title.say(lang)))
    if tables is not None:
        Path(tables).mkdir(parents=True, exist_ok=True)
        for name in FRAMES:
            file = Path(tables) / f"{name}.csv"
            getattr(done, name).write_csv(file)
            written.append(file)
    if written:
        said = Title(zh="已写入 ", en="wrote ").say(lang)
        emit("".join(f"{said}{file}\n" for file in written).rstrip(), err=True)


def pages_of(file: Path) -> tuple[tuple[Language, Path, Path], tuple[Language, Path, Path]]:
    """Return the two pages of a report: the English one, and the Chinese one, which says so in its name.

    Args:
        file: The file that was asked for.

    Returns:
        For each its language, its file, and the file of the other.

    Example:
        >>> [(lang, str(page)) for lang, page, _ in pages_of(Path("demo/report.html"))]
        [('en', 'demo/report.html'), ('zh', 'demo/report.zh-CN.html')]
    """
    english = file.with_name(f"{file.stem.removesuffix(_CHINESE)}{file.suffix}")
    chinese = file.with_name(f"{english.stem}{_CHINESE}{file.suffix}")
    return ("en", english, chinese), ("zh", chinese, english)
