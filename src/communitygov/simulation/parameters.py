"""The parameters of a drawn world: what each is, in what unit, its default, and where that comes from."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs
from attrs import frozen

from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["Declared", "Parameters"]


@frozen
class Declared:
    """One parameter as it stands in a world.

    Args:
        name: Its name.
        title: Its title in both languages.
        unit: What it is counted in.
        value: Its value.
        default: The value it has unless somebody sets it.
        clause: The clauses that publish the default, with the profile they stand in; empty if it is assumed.
        because: Why the default was assumed, or how it follows from the clauses.
    """

    name: str
    title: Title
    unit: Title
    value: float
    default: float
    clause: tuple[str, ...]
    because: Title

    @property
    def published(self) -> bool:
        """Whether the value is a published figure: the default is, and nobody changed it."""
        return bool(self.clause) and self.value == self.default


_POINTS = Title(zh="分（百分制）", en="points of 100")
_SHARE = Title(zh="比例", en="share")


def _parameter(
    default: float,
    zh: str,
    en: str,
    unit: Title,
    because: Title,
    *,
    clause: tuple[str, ...] = (),
    least: float = 0,
    most: float | None = None,
) -> Any:
    metadata = {
        "title": Title(zh=zh, en=en),
        "unit": unit,
        "because": because,
        "clause": clause,
        "least": least,
        "most": most,
    }
    return attrs.field(default=default, metadata=metadata, kw_only=True)


@frozen
class Parameters:
    """All parameters of the model that worlds are drawn from.

    The model, for community *c*, quality *k*, method *m* and period *t*, in points of 100::

        value = mean + improvement * years + spread * z[c, t] + quality_spread * w[c, k, t] + quarter_spread * v[c, t]
                + lift[c, t] + error[c, k, m, t]

    ``z`` and ``w`` are stationary first-order processes with variance 1 whose correlation one year apart is
    ``correlation``; ``v`` is new each period. ``error`` is, for questionnaires, ``answer_spread / sqrt(answers)``
    times a normal number of which the share ``halo`` of the variance is common to all questions of a round; for
    visits and documents an independent normal number with deviation ``visit_error`` or ``document_error``. ``lift``
    is what remediation has added. The value is held within the indicator's scale and rounded to its decimals.

    Nothing here decides a star: these are the facts that are made up, and the rules are then applied to them exactly.
    """

    communities: int = _parameter(
        143,
        "社区数",
        "communities",
        Title(zh="个", en="communities"),
        Title(zh="原文所载。", en="As published."),
        clause=("shijingshan SJS-69",),
        least=1,
    )
    start: int = _parameter(
        2021,
        "起始年",
        "first year of the world",
        Title(zh="年", en="year"),
        Title(zh="首轮走访在2021年8月。", en="The first round was in August 2021."),
        clause=("shijingshan SJS-69",),
        least=1000,
        most=2999,
    )
    mean: float = _parameter(
        80.0,
        "平均品质",
        "mean quality",
        _POINTS,
        Title(zh="原文未公布得分；取80分。", en="No scores are published; 80 is taken."),
        most=100,
    )
    improvement: float = _parameter(
        0.0,
        "逐年提升",
        "improvement",
        Title(zh="分/年", en="points a year"),
        Title(
            zh="原文称稳步向好而无数值；不假定任何自发提升。",
            en="The source reports a rise and gives no figure; nothing is assumed to get better by itself.",
        ),
        least=-100,
        most=100,
    )
    spread: float = _parameter(
        5.0,
        "社区间差异",
        "spread between communities",
        _POINTS,
        Title(
            zh="原文未公布；取标准差5分。可用 calibrate 由真实得分估计。",
            en="Not published; a standard deviation of 5 is taken. `calibrate` estimates it from real scores.",
        ),
        most=100,
    )
    correlation: float = _parameter(
        0.8,
        "年际相关",
        "correlation of quality one year apart",
        Title(zh="相关系数", en="correlation"),
        Title(
            zh="原文未公布；社区品质变化缓慢，取0.8。可用 calibrate 估计。",
            en="Not published; a community changes slowly, so 0.8 is taken. `calibrate` estimates it.",
        ),
        most=1,
    )
    quality_spread: float = _parameter(
        3.0,
        "各品质特有差异",
        "spread of a quality of its own",
        _POINTS,
        Title(
            zh="原文未公布；取标准差3分，小于社区间差异。",
            en="Not published; 3 is taken, less than between communities.",
        ),
        most=100,
    )
    quarter_spread: float = _parameter(
        1.0,
        "季度起伏",
        "ups and downs of a period",
        _POINTS,
        Title(
            zh="原文未公布；取标准差1分。可用 calibrate 估计。",
            en="Not published; 1 is taken. `calibrate` estimates it.",
        ),
        most=100,
    )
    answers: float = _parameter(
        float(Fraction(51960, 9 * 143)),
        "每社区每轮问卷数",
        "answers per community and round",
        Title(zh="份", en="answers"),
        Title(
            zh="51960份除以9轮、143个社区，约40份。", en="51,960 answers over 9 rounds and 143 communities, about 40."
        ),
        clause=("shijingshan SJS-31", "shijingshan SJS-69"),
        least=1,
    )
    answer_spread: float = _parameter(
        20.0,
        "单份问卷差异",
        "spread of a single answer",
        _POINTS,
        Title(
            zh="原文未公布；五级满意度通常集中在相邻两级，取标准差20分。",
            en="Not published; answers on five steps mostly fall on two that are next to each other, so 20 is taken.",
        ),
        most=50,
    )
    halo: float = _parameter(
        0.5,
        "同轮问卷共同误差",
        "part of an answer's variance common to all questions",
        _SHARE,
        Title(
            zh="同一批受访者回答所有问题，宽严相随；取一半。",
            en="The same people answer all questions and are strict or mild throughout; half is taken.",
        ),
        most=1,
    )
    visit_error: float = _parameter(
        4.0,
        "实地考察误差",
        "error of a field visit",
        _POINTS,
        Title(
            zh="原文未公布；取标准差4分。问卷、资料以外的评价方式亦用此值。",
            en="Not published; 4 is taken, also for every method but questionnaires and documents.",
        ),
        most=100,
    )
    document_error: float = _parameter(
        2.0,
        "查阅资料误差",
        "error of a document review",
        _POINTS,
        Title(
            zh="原文未公布；资料较实地稳定，取标准差2分。",
            en="Not published; papers vary less than visits, so 2 is taken.",
        ),
        most=100,
    )
    remediation: float = _parameter(
        0.0,
        "治理成效",
        "effect of remediation",
        Title(zh="分/列入周期", en="points for each period on the watch list"),
        Title(
            zh="原文未给成效数值；不假定治理有效。设为正数时，成效逐期累积，并按年际相关消退。",
            en="No effect is published, so none is assumed. If set, it adds up and fades with the correlation.",
        ),
        least=-100,
        most=100,
    )
    flag_rate: float = _parameter(
        0.0,
        "一票否决事项发生率",
        "how often a barring fact strikes a community in a year",
        _SHARE,
        Title(zh="原文无一票否决事项；不假定。", en="The source bars nobody for any fact; none is assumed."),
        most=1,
    )

    def __attrs_post_init__(self) -> None:
        for one in attrs.fields(type(self)):
            value, low, high = getattr(self, one.name), one.metadata["least"], one.metadata["most"]
            whole = isinstance(one.default, int)
            fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
            if fits and value >= low and (high is None or value <= high):
                continue
            kind = Title(zh="整数", en="a whole number") if whole else Title(zh="数", en="a number")
            upper = Title(zh="不限", en="any size") if high is None else Title(zh=f"{high}", en=f"{high}")
            raise UsageError.because(
                "bad-parameter",
                zh=f"参数 `{one.name}` 须为 {low} 至 {upper.zh} 的{kind.zh}，却是 {value!r}",
                en=f"the parameter `{one.name}` must be {kind.en} from {low} to {upper.en}, not {value!r}",
            )

    @classmethod
    def of(cls, /, **values: float) -> Parameters:
        """Return parameters by name, the others at their defaults.

        Args:
            values: Values by name.

        Raises:
            UsageError: If there is no such parameter, or a value is out of its range.

        Example:
            >>> Parameters.of(correlation=0.6).correlation
            0.6
        """
        known = [one.name for one in attrs.fields(cls)]
        for name in values:
            if name not in known:
                hint = did_you_mean(name, known)
                raise UsageError.because(
                    "unknown-parameter",
                    zh=f"没有参数 `{name}`{hint.zh}",
                    en=f"there is no parameter `{name}`{hint.en}",
                )
        return cls(**values)  # type: ignore[arg-type]

    def declared(self) -> tuple[Declared, ...]:
        """Return every parameter with its unit, its default and where that comes from, in order.

        Example:
            >>> [one.name for one in Parameters().declared() if one.published]
            ['communities', 'start', 'answers']
        """
        return tuple(
            Declared(
                name=one.name,
                title=one.metadata["title"],
                unit=one.metadata["unit"],
                value=getattr(self, one.name),
                default=one.default,
                clause=one.metadata["clause"],
                because=one.metadata["because"],
            )
            for one in attrs.fields(type(self))
        )
