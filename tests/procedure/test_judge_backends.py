"""The same verdicts and cases whatever kind of frame a log comes in, and the same kind given back."""

from random import Random

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.procedure.judged import shuffled

from communitygov.procedure.judge import judge
from communitygov.procedure.rates import rates
from communitygov.testing.strategies_cases import Log, faulted, frame_of, walked
from communitygov.testing.strategies_procedure import made_procedure
from communitygov.vocabulary.clock import moment_at
from communitygov.vocabulary.errors import DataError


def panda(frame):
    """Return a frame of pandas, in which whole numbers stay whole where some are missing."""
    whole = [name for name, kind in frame.schema.items() if kind == pl.Int64]
    return frame.to_pandas().astype(dict.fromkeys(whole, "Int64"))


KINDS = {
    "polars": (lambda frame: frame, pl.DataFrame, lambda found: found),
    "lazy": (lambda frame: frame.lazy(), pl.LazyFrame, lambda found: found.collect()),
    "pandas": (panda, pd.DataFrame, pl.from_pandas),
    "arrow": (lambda frame: frame.to_arrow(), pa.Table, pl.from_arrow),
    "duckdb": (lambda frame: duckdb.from_arrow(frame.to_arrow()), duckdb.DuckDBPyRelation, lambda found: found.pl()),
}
"""How to make a frame of a kind, what it is, and the way back."""


@pytest.fixture(params=KINDS)
def kind(request):
    """Each kind of frame in turn."""
    return KINDS[request.param]


def drawn(seed):
    random = Random(seed)
    procedure = made_procedure(random)
    cases = {f"c{i}": faulted(random, procedure, walked(random, procedure)) for i in range(12)}
    last = max(act.at for acts in cases.values() for act in acts)
    log = Log(cases, moment_at(last + 3_600_000_000, "UTC"))
    return procedure, shuffled(frame_of(procedure, log), seed), log.at


def rows(frame):
    """Return the rows of a frame, their instants as such: zones may be written in other ways."""
    times = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    return frame.with_columns(pl.col(times).dt.epoch("us")).rows()


class TestKinds:
    @pytest.mark.parametrize("seed", range(6))
    def test_every_kind_of_frame_says_the_same(self, kind, seed):
        """Polars eager is the measure; every other kind agrees in every cell and gives its own kind back."""
        make, own, back = kind
        procedure, frame, at = drawn(seed)
        expected, found = judge(procedure, frame, at), judge(procedure, make(frame), at)
        assert isinstance(found.cases, own)
        assert isinstance(found.verdicts, own)
        assert (back(found.cases).columns, rows(back(found.cases))) == (expected.cases.columns, rows(expected.cases))
        assert rows(back(found.verdicts)) == rows(expected.verdicts)

    def test_rates_are_given_back_in_their_kind(self, kind):
        """Of cases of any kind, the same values."""
        make, own, back = kind
        procedure, frame, at = next(one for one in map(drawn, range(100)) if one[0].rates)
        cases = judge(procedure, frame, at).cases
        kept = [name for name in cases.columns if name.startswith("kept.")]
        whole = cases.with_columns(pl.col(kept).fill_null(False))
        expected, found = rates(procedure, whole), rates(procedure, make(whole))
        assert isinstance(found.frame, own)
        assert expected.frame.height > 0
        assert back(found.frame).rows() == expected.frame.rows()

    def test_a_bad_log_of_any_kind_is_told_alike(self, kind):
        """The same faults in the same rows."""
        make, _, _ = kind
        procedure, frame, at = drawn(1)
        wrong = pl.concat([frame, frame.head(1)]).with_columns(step=pl.lit("nothing"), extra=pl.lit(1))
        said = []
        for native in (wrong, make(wrong)):
            with pytest.raises(DataError) as error:
                judge(procedure, native, at)
            said.append(error.value.say("zh"))
        assert said[0] == said[1]
        assert said[0].count("\n") == 2
