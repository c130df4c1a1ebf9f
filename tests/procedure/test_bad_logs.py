"""Every fault of a log is said so that the person who has it can mend it: where it is, and what to do.

Each file under ``logs/bad/`` is wrong on purpose, with what is said of it beside it, word for word, in Chinese and in
English. It is read through the mapping of its own name, or else of its suffix. After a change of a message, read what
comes out, then write it down again:

    COMMUNITYGOV_REWRITE=1 pytest tests/procedure/test_bad_logs.py
"""

import os
import shutil
from pathlib import Path

import pytest

from communitygov.procedure.logs import read_log, read_mapping
from communitygov.procedure.ocel import read_ocel
from communitygov.procedure.xes import read_xes
from communitygov.vocabulary.errors import DataError, UsageError

BAD = Path(__file__).parent / "logs" / "bad"
READERS = {".csv": read_log, ".xes": read_xes, ".json": read_ocel}
CASES = sorted(path.name for path in BAD.iterdir() if path.suffix in READERS)


@pytest.mark.parametrize("case", CASES)
def test_a_bad_log_is_told_what_is_wrong_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """File, line and column, what was expected and what to do; never a traceback."""
    monkeypatch.chdir(tmp_path)
    file = Path(shutil.copy(BAD / case, case))
    own = BAD / f"{file.stem}.yaml"
    mapping = read_mapping(own if own.exists() else BAD / f"{file.suffix[1:]}.yaml")
    with pytest.raises(DataError) as error:
        READERS[file.suffix](file, mapping)
    expected = BAD / f"{case}.expected.txt"
    text = f"{error.value.say('zh')}\n\n{error.value.say('en')}\n"
    if "COMMUNITYGOV_REWRITE" in os.environ:
        expected.write_text(text, encoding="utf-8")
    assert expected.read_text(encoding="utf-8") == text
    assert all(one.place is not None and one.place.file == case for one in error.value.problems)


@pytest.mark.parametrize("suffix", sorted(READERS))
def test_a_log_that_is_not_there_is_told_so(tmp_path: Path, suffix: str) -> None:
    """A path that leads nowhere, and one that leads to a folder."""
    mapping = read_mapping(BAD / f"{suffix[1:]}.yaml")
    (tmp_path / f"folder{suffix}").mkdir()
    for name in ("absent", "folder"):
        with pytest.raises(UsageError, match=rf"{name}{suffix}: cannot be read"):
            READERS[suffix](tmp_path / f"{name}{suffix}", mapping)
