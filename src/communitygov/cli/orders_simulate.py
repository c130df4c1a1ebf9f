"""`communitygov orders simulate`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import find_profile, only, profile_argument, rules_options
from communitygov.cli.orders_data import check_there, procedure_option
from communitygov.cli.output import emit, emit_json
from communitygov.cli.progress import progress
from communitygov.cli.variants import variants_of
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.rules import Procedure
    from communitygov.profile.profile import Profile
    from communitygov.simulation.orders import OrdersSimulation
    from communitygov.simulation.variants import Variant

__all__ = ["simulate"]

_FRAMES = ("rates", "faults", "cases")
_KINDS = ("opened", "closed", "outcome", "done")
"""What cases are counted by, in the order in which it is shown."""

_Rows = dict[str, dict[str, str]]
"""What stands in a row, by variant."""


class _Day(click.ParamType[dt.date]):
    """A day such as 2024-03-01."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise UsageError.because(
                "bad-day", zh=f"`{value}` 不是日期，应如 2024-03-01", en=f"`{value}` is no day such as 2024-03-01"
            ) from None


@command(
    zh="按 WORLD 抽取工单（到件、耗时、排队、休息日），在几种规则下办理并评判：按时率、缺席、逾期各是多少。"
    "各情形面对同样的工单。\n\nWORLD 是写明模型的 YAML 文件，见 docs/simulation.md。",
    en="Draw orders as WORLD says (arrivals, handling times, queues, free days), carry them out and judge them under "
    "several variants of the rules: how many are in time, late, and not come to. All variants meet the same orders.\n\n"
    "WORLD is a YAML file that states the model; see docs/simulation.md.",
    example="communitygov orders simulate examples/lamps examples/lamps-world.yaml \\\n"
    "  --from 2024-03-01 --to 2024-03-31 --draws 4 --reform examples/lamps-24-hours.yaml",
)
@profile_argument
@click.argument("world", type=click.Path())
@procedure_option
@option("--from", "first", type=_Day(), required=True, metavar="DAY", zh="首日", en="The first day")
@option("--to", "last", type=_Day(), required=True, metavar="DAY", zh="末日", en="The last day")
@option("--count-from", type=_Day(), metavar="DAY", zh="计入的首日", en="The first day whose orders are counted")
@option("--count-to", type=_Day(), metavar="DAY", zh="计入的末日", en="The last day whose orders are counted")
@option(
    "--draws",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    zh="抽取次数",
    en="How many draws",
)
@option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    zh="随机种子",
    en="The seed of the random numbers",
)
@option(
    "--period",
    type=click.Choice(["year", "half", "quarter", "month", "day"]),
    default="year",
    show_default=True,
    zh="比率的周期",
    en="The period that rates are taken over",
)
@option("--each", is_flag=True, zh="每个 --reform 各为一种情形", en="Each --reform is a variant of its own")
@option("--tables", metavar="DIR", zh="把各结果表写成 CSV", en="Write every result as CSV to a folder")
@rules_options(at=False)
def simulate(
    profile: str,
    world: str,
    procedure: str | None,
    first: dt.date,
    last: dt.date,
    count_from: dt.date | None,
    count_to: dt.date | None,
    draws: int,
    seed: int,
    period: Any,
    each: bool,
    tables: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Simulate orders."""
    from communitygov.simulation.order_model import read_order_model
    from communitygov.simulation.orders import simulate_orders

    found = find_profile(profile)
    name, rule = only("procedure", found.at(first).procedure, procedure, profile=found.name)
    check_there(world)
    variants, model = variants_of(found, reforms, readings, each=each), read_order_model(world)
    if model.clock is None:
        _check_clocks(found, name, first, variants)
    with progress(Title(zh="模拟", en="simulating")) as tell:
        done = simulate_orders(
            found,
            name,
            model,
            first=first,
            last=last,
            variants=variants,
            draws=draws,
            seed=seed,
            period=period,
            count_from=count_from,
            count_to=count_to,
            progress=tell,
        )
    if as_json:
        emit_json(_plain(done))
    else:
        emit(_text(done, rule, language()))
    if tables is not None:
        _write(done, Path(tables))


def _check_clocks(profile: Profile, name: str, first: dt.date, variants: Sequence[Variant]) -> None:
    """Refuse a procedure without a clock in a world without one, before all that may be wrong beside that."""
    for variant in variants:
        rule = profile.at(first, reforms=variant.reforms, readings=variant.readings).procedure.get(name)
        if rule is not None and rule.clock is None:
            zh = f"{profile.name} 的流程 `{name}` 没有时钟（{variant.title.zh}），无从知道每日几时到件；"
            en = f"the procedure `{name}` of {profile.name} has no clock ({variant.title.en}), and so no days on "
            clock = "clock: {zone: Asia/Shanghai, calendar: cn_statutory}"
            raise UsageError.because(
                "no-clock",
                zh=f"{zh}请在 WORLD 的 orders 下、在其文档、或在扩展（`extends`）它的方案中写明 `{clock}`",
                en=f"{en}which orders come in; give one, `{clock}`, under `orders` in WORLD, in its documents, or in "
                "those of a profile that extends it",
            )


def _plain(done: OrdersSimulation) -> dict[str, Any]:
    from communitygov.report.tables import frame_rows

    return {
        "schema": "communitygov.orders_simulation/1",
        "procedure": done.procedure,
        "first": str(done.first),
        "last": str(done.last),
        "count_from": str(done.count_from),
        "count_to": str(done.count_to),
        "draws": done.draws,
        "seed": done.seed,
        "digests": dict(done.digests),
        **{name: frame_rows(getattr(done, name)) for name in _FRAMES},
    }


def _text(done: OrdersSimulation, rule: Procedure, lang: Language) -> str:
    import polars as pl

    from communitygov.procedure.wording import FAULTS, title_of

    zh = f"{done.first} 至 {done.last}，{done.draws} 次抽取，种子 {done.seed}；均值（5% 至 95%）"
    en = f"{done.first} to {done.last}, {done.draws} draws, seed {done.seed}; means (5% to 95%)"
    counted = _counted(done)
    variants = {one.name: one.title.say(lang) for one in done.variants}
    above = set(done.rates.filter(pl.col("high") > 1)["rate"])  # no shares, such as reports for each whistle
    rates: _Rows = {}
    for variant, key, period, *numbers in done.rates.select("variant", "rate", "period", "mean", "low", "high").rows():
        title = rule.rates[key].name(key).say(lang) if key in rule.rates else key
        rates.setdefault(f"{title} {period}", {})[variant] = _spread(numbers, share=key not in above)
    faults: _Rows = {}
    for variant, verdict, what, *numbers in done.faults.rows():
        named = FAULTS[verdict].say(lang), title_of(rule, what, verdict).say(lang)
        words = Title(zh="{}：{}", en="{}: {}").say(lang).format(*named)
        faults.setdefault(words, {})[variant] = _spread(numbers)
    cases: _Rows = {}
    for variant, key, *numbers in sorted(done.cases.rows(), key=lambda row: _KINDS.index(row[1].partition(":")[0])):
        if not key.startswith("done:"):
            cases.setdefault(_count(rule, key, lang), {})[variant] = _spread(numbers)
    found = [
        (Title(zh="比率", en="Rates"), rates),
        (Title(zh="差错（次）", en="Faults (times)"), faults),
        (Title(zh="件", en="Cases"), cases),
    ]
    blocks = [_table(title.say(lang), rows, variants, lang) for title, rows in found]
    head = f"{Title(zh=zh, en=en).say(lang)}\n{counted.say(lang)}"
    return "\n\n".join([head, *(block for block in blocks if block)])


def _counted(done: OrdersSimulation) -> Title:
    """Return which orders are counted, and what counting the last ones does."""
    start, stop = done.count_from, done.count_to
    if stop < done.last:
        return Title(zh=f"计入 {start} 至 {stop} 的工单", en=f"counted: orders of {start} to {stop}")
    return Title(
        zh=f"计入 {start} 起的全部工单；末几日的截止时可能尚未办完，各项数字因此有偏",
        en=f"counted: all orders since {start}; those of the last days may not be done, which biases every figure",
    )


def _count(rule: Procedure, key: str, lang: Language) -> str:
    kind, _, outcome = key.partition(":")
    if kind == "outcome":
        return rule.outcomes[outcome].say(lang) if outcome in rule.outcomes else outcome
    return {"opened": Title(zh="受理", en="opened"), "closed": Title(zh="办结", en="closed")}[kind].say(lang)


def _spread(numbers: Sequence[float], *, share: bool = False) -> str:
    mean, low, high = (f"{number:.1%}" if share else f"{number:.1f}" for number in numbers)
    return f"{mean} ({low} - {high})"


def _table(title: str, rows: _Rows, variants: dict[str, str], lang: Language) -> str:
    from communitygov.report.tables import table_text

    if not rows:
        return ""
    cells = [[name, *(found.get(variant, "-") for variant in variants)] for name, found in rows.items()]
    return table_text([title, *variants.values()], cells, lang)


def _write(done: OrdersSimulation, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FRAMES:
        frame: pl.DataFrame = getattr(done, name)
        frame.write_csv(folder / f"{name}.csv")
    said = Title(zh=f"已写入 {folder}", en=f"wrote {folder}")
    emit(said.say(language()), err=True)
