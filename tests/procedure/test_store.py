"""Stores keep what was appended, whole and in order, whoever writes at once and whoever is killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import closing, contextmanager
from importlib import import_module
from itertools import count
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from communitygov.procedure.chain import Personal, canonical, digest_of, erase, sealed, verify, verify_all
from communitygov.procedure.store import Conflict, MemoryStore, Store
from communitygov.procedure.store_sql import SqlStore
from communitygov.vocabulary.errors import MissingExtra, UsageError

WRITER = Path(__file__).with_name("writers.py")
RACES = 40
KILLS = 8

# Ids that databases have been known to order, escape, fold or lose in their own way.
CASES = ["a", "B", "b", "社区-1", "é", "e\u0301", "\uffff", "😀", "NULL", '{a,"b"}', "%s :x \\", " ", "'; --"]
FACTS = ["phone", "姓名", "NULL", "{}", '"\\"', ":a"]
VALUES = [*CASES, "13800000000", "line\nline", '"", {NULL}', "\\"]


def chain_after(entries, case, size, values=(), by="x"):
    """Entries that continue a case, with the given personal values in each."""
    entries = list(entries)
    for seq in range(len(entries) + 1, len(entries) + size + 1):
        personal = {fact: Personal(f"{seq:032x}", value) for fact, value in values}
        digests = {fact: digest_of(one.salt, one.value) for fact, one in personal.items()}
        body = canonical({"by": by, "seq": seq, "note": "\0\n'\"\\", **digests})
        entries.append(sealed(case, seq, body, entries[-1].hash if entries else "", personal))
    return entries[-size:]


def insert_uncertain(connection, entry):
    """Insert an entry as another program would, and leave it open whether it stays."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    row = {name: getattr(entry, name) for name in ("case", "seq", "body", "previous", "hash")}
    connection.execute(sa.table("entries", *map(sa.column, row)).insert(), row)


@contextmanager
def opened(url):
    with closing(SqlStore.open(url)) as store:
        yield store


@pytest.fixture
def store(url):
    with opened(url) as store:
        yield store


class Ledger(RuleBasedStateMachine):
    """What a store must do, against a dictionary of lists."""

    def __init__(self, openings):
        super().__init__()
        self.openings, self.model = openings, {}
        self.store: Store = next(openings)

    def piece(self, data, case):
        values = data.draw(st.lists(st.tuples(st.sampled_from(FACTS), st.sampled_from(VALUES)), max_size=2))
        there = self.model.get(case, [])
        return chain_after(there, case, data.draw(st.integers(1, 3)), dict(values).items()), len(there)

    @rule(data=st.data(), case=st.sampled_from(CASES))
    def append(self, data, case):
        entries, expected = self.piece(data, case)
        self.store.append(entries, expected)
        self.model.setdefault(case, []).extend(entries)

    @rule(data=st.data(), case=st.sampled_from(CASES), off=st.sampled_from([-1, 1, 5]))
    def append_too_late_or_too_early(self, data, case, off):
        entries, found = self.piece(data, case)
        with pytest.raises(Conflict) as conflict:
            self.store.append(entries, found + off)
        assert conflict.value.versions == {case: (found + off, found)}

    @rule(data=st.data(), cases=st.lists(st.sampled_from(CASES), min_size=1, unique=True), late=st.booleans())
    def append_many(self, data, cases, late):
        pieces = {case: self.piece(data, case) for case in cases}
        wrong = {case for case in cases if late and data.draw(st.booleans())}
        batch = [(entries, seen + (case in wrong)) for case, (entries, seen) in pieces.items()]
        if wrong:
            with pytest.raises(Conflict) as conflict:
                self.store.append_many(batch)
            assert conflict.value.versions == {case: (pieces[case][1] + 1, pieces[case][1]) for case in wrong}
        else:
            self.store.append_many(batch)
            for case, (entries, _) in pieces.items():
                self.model.setdefault(case, []).extend(entries)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def append_what_does_not_follow(self, data):
        case = data.draw(st.sampled_from(sorted(self.model)))
        (entry, *_), expected = self.piece(data, case)
        for wrong in (evolve(entry, seq=expected + 2), sealed(case, expected + 1, entry.body, "no hash of this chain")):
            with pytest.raises(UsageError, match=r"missing-entry|broken-link"):
                self.store.append([wrong], expected)

    @rule(case=st.sampled_from(CASES), after=st.integers(0, 4))
    def read(self, case, after):
        assert self.store.read(case, after) == tuple(self.model.get(case, [])[after:])

    @rule(case=st.sampled_from(CASES), fact=st.sampled_from(FACTS))
    def erase(self, case, fact):
        there = self.model.get(case, [])
        held = sum(entry.personal.get(fact) is not None for entry in there)
        assert self.store.erase(case, fact) == held
        if there:
            self.model[case] = [erase(entry, fact) for entry in there]

    @rule()
    def reopen(self):
        self.store = next(self.openings)

    @rule()
    def look(self):
        assert list(self.store.cases()) == sorted(self.model)
        assert list(self.store.entries()) == [entry for case in sorted(self.model) for entry in self.model[case]]
        assert list(verify_all(self.store.entries())) == []

    def teardown(self):
        self.look()
        self.openings.close()


class TestAnyStore:
    @pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql"])
    def test_a_store_keeps_what_was_appended(self, kind, request, tmp_path):
        """Whatever is appended, refused, read, erased and opened again, it holds what a dictionary of lists holds."""
        numbers = count()
        server = request.getfixturevalue("postgres_url") if kind == "postgresql" else None

        def openings():
            if kind == "memory":
                store = MemoryStore()
                while True:
                    yield store
            url = server or f"sqlite:///{tmp_path}/{next(numbers)}.db"
            with opened(url) as store, store.engine.begin() as connection:
                for table in ("entries", "personal"):
                    connection.exec_driver_sql(f"DELETE FROM {table}")
            while True:
                with opened(url) as store:
                    yield store

        run_state_machine_as_test(
            lambda: Ledger(openings()),
            settings=settings(
                max_examples=settings().max_examples // (2 if kind == "memory" else 8), stateful_step_count=20
            ),
        )

    @pytest.fixture(params=["memory", "sqlite", "postgresql"])
    def any_store(self, request):
        if request.param == "memory":
            yield MemoryStore()
            return
        place = "postgres_url" if request.param == "postgresql" else "tmp_path"
        value = request.getfixturevalue(place)
        with opened(value if request.param == "postgresql" else f"sqlite:///{value}/log.db") as store:
            yield store

    def test_a_piece_is_of_one_case(self, any_store):
        """Nothing, two cases in one piece, and two pieces of one case are refused before anything is written."""
        one, other = chain_after([], "a", 2), chain_after([], "b", 1)
        for batch in ([([], 0)], [([*one, *other], 0)], [(one[:1], 0), (one[1:], 1)]):
            with pytest.raises(UsageError, match="bad-append"):
                any_store.append_many(batch)
        assert list(any_store.cases()) == []

    def test_an_entry_that_was_altered_is_not_let_in(self, any_store):
        """A store holds no chain that does not verify."""
        (entry,) = chain_after([], "a", 1, [("phone", "13800000000")])
        stranger = evolve(entry, personal={"phone": Personal("ab" * 16, "13900000000")})
        for wrong, code in ((evolve(entry, body="{}"), "altered-entry"), (stranger, "altered-personal")):
            with pytest.raises(UsageError, match=code):
                any_store.append([wrong], 0)
        assert any_store.read("a") == ()

    def test_a_conflict_says_who_was_where(self, any_store):
        """All cases of a batch at which another was first are named, in both languages, and the rest is not written."""
        any_store.append(chain_after([], "a", 2), 0)
        any_store.append(chain_after([], "b", 1), 0)
        with pytest.raises(Conflict) as conflict:
            any_store.append_many([(chain_after([], case, 1), 0) for case in "abc"])
        assert conflict.value.versions == {"a": (0, 2), "b": (0, 1)}
        assert "a was expected to have 0 entries and has 2" in conflict.value.say("en")
        assert "件 b 应有 0 条，已有 1 条" in conflict.value.say("zh")
        assert any_store.read("c") == ()


class Writers:
    """Processes of writers.py, told what to do and heard line by line."""

    def __init__(self, url, *names):
        self.processes = [
            subprocess.Popen(
                [sys.executable, WRITER, url, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for name in names
        ]

    def tell(self, order, case, turn=0):
        for process in self.processes[turn:] + self.processes[:turn]:
            process.stdin.write(f"{order} {case}\n")
            process.stdin.flush()

    def hear(self):
        return [process.stdout.readline().strip() for process in self.processes]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for process in self.processes:
            process.stdin.close()
            process.stdout.close()
            process.wait(timeout=30)


class TestTwoWriters:
    def test_one_wins_and_the_other_is_told(self, url):
        """Two processes append to one case at once, many times: one is let in, the other hears so, nothing is lost."""
        winners = []
        with Writers(url, "red", "blue") as writers:
            for turn in range(RACES):
                writers.tell("prepare", "race")
                assert writers.hear() == ["prepared", "prepared"]
                writers.tell("go", "race", turn % 2)
                heard = writers.hear()
                assert sorted(heard) == [f"lost {2 * turn} {2 * turn + 2}", "won"]
                winners += [("red", "blue")[heard.index("won")]] * 2
        with opened(url) as store:
            log = store.read("race")
        assert [entry.body.split('"')[3] for entry in log] == winners
        assert verify(log) == ()

    @pytest.mark.parametrize("first_stays", [True, False])
    def test_the_second_waits_for_the_first(self, url, first_stays):
        """While another's entry is written and not yet certain, a writer waits; it loses if it stays, wins if not."""
        mine, yours = chain_after([], "a", 1, by="me"), chain_after([], "a", 1, by="you")
        told = []

        def append():
            try:
                store.append(mine, 0)
            except Conflict as conflict:
                told.append(conflict.versions)
            else:
                told.append("won")

        with opened(url) as store, store.engine.connect() as other:
            insert_uncertain(other, yours[0])
            thread = threading.Thread(target=append)
            thread.start()
            thread.join(0.3)
            assert thread.is_alive()
            other.commit() if first_stays else other.rollback()
            thread.join(30)
            assert told == [{"a": (0, 1)} if first_stays else "won"]
            assert store.read("a") == tuple(yours if first_stays else mine)

    def test_two_batches_do_not_wait_for_each_other(self, url):
        """Batches over the same cases in opposite order end, one as a whole and the other with every case named."""
        cases, told = [f"{number:03}" for number in range(100)], []

        def append(order):
            try:
                store.append_many([(chain_after([], case, 1), 0) for case in order])
            except Conflict as conflict:
                told.append(len(conflict.versions))
            else:
                told.append(0)

        threads = [threading.Thread(target=append, args=[order]) for order in (cases, cases[::-1])]
        with opened(url) as store, store.engine.connect() as other:
            # Both come to the middle and wait there: each has what the other wants, if they began at two ends.
            insert_uncertain(other, *chain_after([], cases[50], 1))
            for thread in threads:
                thread.start()
            threads[0].join(0.3)
            assert all(thread.is_alive() for thread in threads)
            other.rollback()
            for thread in threads:
                thread.join(30)
            assert sorted(told) == [0, len(cases)]
            assert list(store.cases()) == cases


class TestKilled:
    def test_a_writer_killed_leaves_the_log_whole(self, url):
        """Killed at any moment of its writing: what it was told is written is there, nothing is there by half."""
        random, acknowledged = Random(20), 0
        with Writers(url, "stream") as writers, opened(url) as store:
            (process,) = writers.processes
            for _ in range(KILLS):
                writers.tell("stream", "killed")
                (answer,) = writers.hear()
                child = int(answer.removeprefix("pid "))
                for _ in range(random.randint(1, 3)):
                    acknowledged = int(process.stdout.readline())
                time.sleep(random.uniform(0, 0.01))
                os.kill(child, signal.SIGKILL)
                for line in iter(process.stdout.readline, ""):
                    if line.startswith("ended"):
                        assert line == "ended -9\n"
                        break
                    acknowledged = int(line)
                log = store.read("killed")
                assert len(log) >= acknowledged
                assert len(log) % 20 == 0
                assert [entry.seq for entry in log] == [*range(1, len(log) + 1)]
                assert all(entry.personal["phone"].value == f"138{entry.seq:08}" for entry in log)
                assert list(verify_all(store.entries())) == []

    def test_a_server_killed_leaves_the_log_whole(self, postgres, postgres_url):
        """PostgreSQL stopped without a goodbye while writing, and started again."""
        with Writers(postgres_url, "stream") as writers:
            (process,) = writers.processes
            writers.tell("stream", "killed")
            writers.hear()
            for _ in range(5):
                acknowledged = int(process.stdout.readline())
            postgres.stop("immediate")
            for line in iter(process.stdout.readline, ""):
                if line.startswith("ended"):
                    break
                acknowledged = int(line)
            postgres.start()
        with opened(postgres_url) as store:
            log = store.read("killed")
            assert len(log) >= acknowledged
            assert len(log) % 20 == 0
            assert list(verify_all(store.entries())) == []


class TestBehindItsBack:
    @pytest.mark.parametrize(
        ("change", "found"),
        [
            ("UPDATE entries SET body = '{}' WHERE seq = 2", [("altered-entry", 2), ("altered-personal", 2)]),
            ("UPDATE entries SET body = '{}' WHERE seq = 1", [("altered-entry", 1)]),
            ("UPDATE entries SET hash = 'ab' WHERE seq = 2", [("altered-entry", 2), ("broken-link", 3)]),
            ("UPDATE entries SET previous = 'ab' WHERE seq = 3", [("broken-link", 3), ("altered-entry", 3)]),
            ("DELETE FROM entries WHERE seq = 2", [("missing-entry", 3)]),
            ("DELETE FROM entries WHERE seq = 1", [("missing-entry", 2)]),
            (
                "UPDATE entries SET seq = 9 WHERE seq = 2; UPDATE entries SET seq = 2 WHERE seq = 3; "
                "UPDATE entries SET seq = 3 WHERE seq = 9",
                [
                    *(("broken-link", 2), ("altered-entry", 2), ("altered-personal", 2)),
                    *(("broken-link", 3), ("altered-entry", 3), ("altered-personal", 3), ("broken-link", 4)),
                ],
            ),
            ("UPDATE personal SET value = '13900000000' WHERE seq = 2", [("altered-personal", 2)]),
            ("UPDATE personal SET salt = 'ab' WHERE seq = 3", [("altered-personal", 3)]),
            ("UPDATE personal SET salt = NULL, value = NULL WHERE seq = 2", []),
        ],
    )
    def test_a_change_in_the_tables_is_found(self, store, change, found):
        """Each row changed, taken out or swapped is named; a value erased is not."""
        first = chain_after([], "a", 1)
        store.append([*first, *chain_after(first, "a", 3, [("phone", "13800000000")])], 0)
        store.append(chain_after([], "b", 1), 0)
        assert list(verify_all(store.entries())) == []
        with store.engine.begin() as connection:
            for statement in change.split("; "):
                connection.exec_driver_sql(f"{statement} AND \"case\" = 'a'")
        assert [(finding.code, finding.seq) for finding in verify_all(store.entries())] == found

    def test_a_value_is_erased_with_its_salt(self, store):
        """A salt that stayed would let anybody try all phone numbers; the tables refuse one without the other."""
        store.append(chain_after([], "a", 1, [("phone", "13800000000")]), 0)
        with pytest.raises(sa.exc.DBAPIError, match="erased_whole"), store.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE personal SET value = NULL")

    def test_an_erased_value_stands_nowhere_in_the_file(self, tmp_path):
        """Of SQLite's file and its log; the values of others are still there."""
        numbers = [f"139{number:08}" for number in range(300)]
        engine = sa.create_engine(f"sqlite:///{tmp_path}/log.db")
        # Some builds of SQLite write zeros over everything of themselves; this one is told not to.
        sa.event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA secure_delete=OFF").fetchall())
        with closing(SqlStore.open(engine)) as store:
            for number in numbers:
                store.append_many([(chain_after([], number[::-1], 1, [("phone", number), ("name", "x" * 90)]), 0)])

            def there():
                stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
                return [number for number in numbers if number.encode() in stored]

            assert there() == numbers
            assert [store.erase(number[::-1], "phone") for number in numbers[::3]] == [1] * 100
            assert there() == [number for place, number in enumerate(numbers) if place % 3]
            assert list(verify_all(store.entries())) == []


class TestManyEntries:
    def test_a_long_log_is_read_piece_by_piece(self, store):
        """Memory does not grow with the log: of 6 MB, less than half are ever held."""
        text = "x" * 2_000
        store.append_many(
            [([sealed(f"{case:05}", 1, canonical({"text": text, "case": case}))], 0) for case in range(3_000)]
        )
        tracemalloc.start()
        try:
            read = sum(len(entry.body) for entry in store.entries())
            named = sum(1 for _ in store.cases())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert read > 6_000_000
        assert named == 3_000
        assert peak < 3_000_000

    def test_a_reader_does_not_stop_a_writer(self, store):
        """While a log is read, it is appended to; the reader sees it as it was when it began."""
        store.append_many([(chain_after([], f"{case:04}", 1), 0) for case in range(2_000)])
        reader = store.entries()
        first = next(reader)
        store.append(chain_after([], "late", 1), 0)
        assert first.case == "0000"
        assert sum(1 for _ in reader) == 1_999
        assert len(store.read("late")) == 1


class TestOpen:
    def test_an_engine_of_the_callers_will_do(self, url):
        """With its own settings: what is appended through it is there for others."""
        engine = sa.create_engine(url)
        SqlStore.open(engine).append(chain_after([], "a", 1), 0)
        engine.dispose()
        with opened(url) as store:
            assert len(store.read("a")) == 1

    @pytest.mark.parametrize("turn", range(3))
    def test_many_may_open_a_new_store_at_once(self, url, turn):
        """All find it, whoever makes it: none is told that it is locked or already there."""
        told = []

        def first_append(case):
            together.wait()
            with opened(url) as store:
                store.append(chain_after([], case, 1), 0)
            told.append(case)

        together = threading.Barrier(6)
        threads = [threading.Thread(target=first_append, args=[str(number)]) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        with opened(url) as store:
            assert sorted(told) == [*store.cases()] == [*"012345"]

    def test_who_opens_a_file_waits_for_who_is_making_it(self, tmp_path):
        """SQLite itself would refuse to change the mode of a file that another holds, without waiting."""
        url, told = f"sqlite:///{tmp_path}/log.db", []
        with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            thread = threading.Thread(target=lambda: told.append(SqlStore.open(url).close()))
            thread.start()
            thread.join(0.3)
            assert thread.is_alive()
            other.execute("COMMIT")
        thread.join(30)
        assert told == [None]

    def test_a_file_that_is_no_database_is_left_alone(self, tmp_path):
        """It is refused at once and stays as it was, and so is a folder that is not there."""
        file = tmp_path / "notes.txt"
        file.write_text("not a database, but long enough to have a header of one" * 20)
        with pytest.raises(sa.exc.DatabaseError):
            SqlStore.open(f"sqlite:///{file}")
        assert file.read_text().startswith("not a database")
        with pytest.raises(sa.exc.OperationalError, match="unable to open"):
            SqlStore.open(f"sqlite:///{tmp_path}/nowhere/log.db")

    def test_the_server_orders_as_python_does(self, postgres_url):
        """By code points, whatever language the server was set up for."""
        with opened(postgres_url) as store, store.engine.connect() as connection:
            names = connection.exec_driver_sql(
                "SELECT collation_name FROM information_schema.columns "
                "WHERE table_name IN ('entries', 'personal') AND column_name IN ('case', 'fact')"
            ).scalars()
            assert [*names] == ["C"] * 3

    @pytest.mark.parametrize(
        "place",
        [
            "sqlite://",
            "sqlite:///:memory:",
            "sqlite:///file:log?mode=memory&uri=true",
            "nowhere://secret@host/db",
            "secret",
            "postgresql+psycopg2://you:secret@host/db",
            "mssql+pymssql://you:secret@host/db",
        ],
    )
    def test_a_place_that_is_no_store_is_refused(self, place):
        """A database in memory, of another kind, or without its driver; a password is not repeated."""
        with pytest.raises(UsageError, match="bad-store") as error:
            SqlStore.open(place)
        assert "secret" not in str(error.value)

    def test_without_the_extra_it_is_named(self, monkeypatch):
        """Who has not installed SQLAlchemy is told what to install."""
        monkeypatch.setitem(sys.modules, "sqlalchemy", None)
        monkeypatch.delitem(sys.modules, "communitygov.procedure.store_sql")
        with pytest.raises(MissingExtra, match=r"communitygov\[store\]"):
            import_module("communitygov.procedure.store_sql")
