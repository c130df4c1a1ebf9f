"""`communitygov simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import find_profile, profile_argument, rules_options
from communitygov.cli.columns import encoding_option, read_holders, read_index_data
from communitygov.cli.output import emit, emit_json
from communitygov.cli.progress import progress
from communitygov.cli.variants import variants_of
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import exact
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.profile.profile import Profile
    from communitygov.report.contents import Block
    from communitygov.simulation.results import Simulation
    from communitygov.simulation.worlds import World

__all__ = ["simulate"]

FRAMES = ("stars", "tiers", "expectations", "quantities", "truly_top", "moves")
"""The frames of a simulation, in the order they are written."""

_CHINESE = ".zh-CN"


def _parameters(lang: Language) -> str:
    """Return the parameters of the model, for the help text."""
    from communitygov.simulation.parameters import Parameters

    head = Title(zh="模型参数（--set）：", en="Parameters of the model (--set):").say(lang)
    lines = [
        f"  {one.name:22} {one.default:>7g}  {one.title.say(lang)} ({one.unit.say(lang)})"
        for one in Parameters().declared()
    ]
    return "\n".join([head, *lines])


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
    more=_parameters,
)
@profile_argument
@option("--from", "first", type=click.IntRange(1000, 2999), metavar="YEAR", zh="首年", en="The first year")
@option("--to", "last", type=click.IntRange(1000, 2999), metavar="YEAR", zh="末年", en="The last year")
@option(
    "--draws", type=click.IntRange(min=1), metavar="N", zh="抽取次数；默认 200", en="How many draws; 200 if not given"
)
@option("--seed", type=click.IntRange(min=0), default=1, show_default=True, metavar="N", zh="随机种子", en="The seed")
@rules_options(at=False)
@option("--each", is_flag=True, zh="每个 --reform 各为一种情形", en="Each --reform is a variant of its own")
@option(
    "--certification", metavar="ID", zh="认定；只有一项时可省", en="The certification; not needed if there is only one"
)
@option(
    "--units",
    metavar="FILE",
    zh="真实单元的 CSV，有 subject 或 code 列",
    en="A CSV of real units, with a column subject or code",
)
@option("--data", metavar="FILE", zh="真实评价数据，代替抽取", en="Real data of the index, in place of drawn ones")
@option("--holders", metavar="FILE", multiple=True, zh="首年之前的认定", en="Who held a tier before the first year")
@option("--set", "settings", metavar="NAME=VALUE", multiple=True, zh="设定模型参数", en="Set a parameter of the model")
@option(
    "--report",
    metavar="FILE",
    zh="写网页报告（另写 .zh-CN.html 与 SVG）",
    en="Write the report, as FILE and as .zh-CN.html, and SVG",
)
@option("--picture", metavar="FILE", zh="写星级占比图（.svg 或 .png）", en="Write the chart of shares (.svg or .png)")
@option("--tables", metavar="DIR", zh="把各结果表写成 CSV", en="Write every result as CSV to a folder")
@encoding_option
def simulate(
    profile: str,
    first: int | None,
    last: int | None,
    draws: int | None,
    seed: int,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    each: bool,
    certification: str | None,
    units: str | None,
    data: str | None,
    holders: tuple[str, ...],
    settings: tuple[str, ...],
    report: str | None,
    picture: str | None,
    tables: str | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Simulate rules and what changes them."""
    from communitygov.simulation.run import simulate as run

    found = find_profile(profile)
    variants = variants_of(found, reforms, readings, each=each)
    _check_outputs(report, picture)
    world = _world(found, seed, certification, units=units, data=data, settings=settings, encoding=encoding)
    with progress(Title(zh="模拟", en="simulating")) as tell:
        done = run(
            found,
            world,
            first=first,
            last=last,
            draws=draws,
            variants=variants,
            certification=certification,
            holders=_holders(found, certification, holders, encoding),
            progress=tell,
        )
    if as_json:
        emit_json(_plain(done))
    else:
        emit(_text(done, found, language()))
    _write(done, found, report=report, picture=picture, tables=tables)


def _world(
    profile: Profile,
    seed: int,
    certification: str | None,
    *,
    units: str | None,
    data: str | None,
    settings: tuple[str, ...],
    encoding: str,
) -> World:
    from communitygov.simulation.variants import certification_of
    from communitygov.simulation.worlds import World, read_units

    real = None if units is None else read_units(units, encoding=encoding)
    if data is None:
        return World.drawn(seed=seed, units=real, **_settings(settings))
    name = certification_of(profile, certification)
    index = profile.at(profile.first_day).certification[name].of
    frame = read_index_data(data, profile.history("index", index), encoding)
    return World.from_frames(frame, units=real)


def _settings(texts: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("="))
        try:
            number = exact(value)
        except ValueError:
            sign = ""
            number = exact("0")
        if not (name and sign):
            raise UsageError.because("bad-setting", zh=f"`{text}` 须写作 参数=数", en=f"write `{text}` as name=number")
        found[name] = int(number) if number.denominator == 1 else number.numerator / number.denominator
    return found


def _holders(profile: Profile, certification: str | None, files: tuple[str, ...], encoding: str) -> pl.DataFrame | None:
    from communitygov.simulation.variants import certification_of

    rules = profile.at(profile.first_day)
    return read_holders(files, rules.certification[certification_of(profile, certification)], encoding)


def _check_outputs(report: str | None, picture: str | None) -> None:
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

        for tag, file, other in _pages(Path(report)):
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


def _pages(file: Path) -> tuple[tuple[Language, Path, Path], tuple[Language, Path, Path]]:
    """Return the two pages of a report, each with its language and the other: the Chinese one says so in its name."""
    english = file.with_name(f"{file.stem.removesuffix(_CHINESE)}{file.suffix}")
    chinese = file.with_name(f"{english.stem}{_CHINESE}{file.suffix}")
    return ("en", english, chinese), ("zh", chinese, english)
