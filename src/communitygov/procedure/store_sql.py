"""A store in SQLite or PostgreSQL, through SQLAlchemy Core; needs the extra ``store``.

Two tables. ``entries`` has a row for each entry and the primary key (case, seq), which no second writer can take.
``personal`` has the salts and values of persons, the only rows that ever change: to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from sqlite3 import SQLITE_BUSY
from time import sleep
from typing import Any, Final

from attrs import frozen

from communitygov.procedure.chain import Entry, Personal
from communitygov.procedure.store import Piece, check_pieces, check_versions
from communitygov.vocabulary.errors import MissingExtra, UsageError

try:
    import sqlalchemy as sa
except ModuleNotFoundError:
    raise MissingExtra.named("store", "sqlalchemy") from None

from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError

__all__ = ["SqlStore"]

# Ordered by code points, as Python and SQLite order text, whatever the language of the server.
_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_TABLES = sa.MetaData()
_ENTRIES = sa.Table(
    "entries",
    _TABLES,
    sa.Column("case", _NAME, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
_PERSONAL = sa.Table(
    "personal",
    _TABLES,
    sa.Column("case", _NAME, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("fact", _NAME, primary_key=True),
    sa.Column("salt", sa.Text),
    sa.Column("value", sa.Text),
    sa.CheckConstraint("(salt IS NULL) = (value IS NULL)", name="erased_whole"),
)

_ROWS = (
    sa.select(*_ENTRIES.c, _PERSONAL.c.fact, _PERSONAL.c.salt, _PERSONAL.c.value)
    .outerjoin_from(
        _ENTRIES, _PERSONAL, sa.and_(_ENTRIES.c.case == _PERSONAL.c.case, _ENTRIES.c.seq == _PERSONAL.c.seq)
    )
    .order_by(_ENTRIES.c.case, _ENTRIES.c.seq)
)
_later = _ENTRIES.alias()
_ENDS = sa.select(_ENTRIES.c.case, _ENTRIES.c.seq, _ENTRIES.c.hash).where(
    _ENTRIES.c.case.in_(sa.bindparam("cases", expanding=True)),
    _ENTRIES.c.seq == sa.select(sa.func.max(_later.c.seq)).where(_later.c.case == _ENTRIES.c.case).scalar_subquery(),
)

_UNNESTED = {
    table.name: table.insert().from_select(
        table.c.keys(), sa.select(*(sa.func.unnest(sa.bindparam(one.name, type_=ARRAY(one.type))) for one in table.c))
    )
    for table in (_ENTRIES, _PERSONAL)
}
"""How PostgreSQL takes many rows: from one array for each column."""

_AT_ONCE = 500
"""Rows that a reader holds, and cases that are asked for in one query."""

_WAIT = 30_000
"""Milliseconds that a writer to SQLite waits for the one before it."""

_ISOLATION: Final = "READ COMMITTED"
"""Of PostgreSQL: the primary key decides between two writers, and the one that lost then sees what the other wrote."""

_LOCK = 0x636F6D6D
"""The name, to PostgreSQL, of the lock under which the tables are made."""


@frozen(eq=False)
class SqlStore:
    """A store in a database: SQLite for one machine, PostgreSQL for many. Made by `SqlStore.open`.

    Each append is one transaction: when it returns all of it is on the disk; killed before, none of it is there.
    Threads and processes may write to one database at once. Of two that append to one case, one wins and the other
    gets a `Conflict`. What goes wrong with the database itself (no connection, a full disk, a lock that is held for
    half a minute) is SQLAlchemy's own error, and nothing was written.

    Args:
        engine: SQLAlchemy's engine.

    Example:
        >>> import tempfile
        >>> from communitygov.procedure.chain import canonical, sealed
        >>> folder = tempfile.TemporaryDirectory()
        >>> store = SqlStore.open(f"sqlite:///{folder.name}/log.db")
        >>> store.append([sealed("order-1", 1, canonical({"step": "register"}))], expected=0)
        >>> [entry.body for entry in store.read("order-1")]
        ['{"step":"register"}']
        >>> store.close()
        >>> folder.cleanup()
    """

    engine: sa.Engine

    @classmethod
    def open(cls, place: str | sa.URL | sa.Engine) -> SqlStore:
        """Return the store in a database; its tables are made if they are not there.

        Args:
            place: A URL, ``sqlite:///log.db`` or ``postgresql+pg8000://user:password@host/database``, or an engine of
                yours. A new file is made for SQLite; a database of PostgreSQL must be there.

        Raises:
            UsageError: If it is neither SQLite in a file nor PostgreSQL, or the driver is not installed.
        """
        engine = _engine_at(place)
        dialect = engine.dialect.name
        store = cls(engine)
        if dialect == "sqlite":
            with engine.connect() as connection:
                _write_ahead(connection)
        with store._writing() as connection:
            if dialect == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            _TABLES.create_all(connection)
        return store

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def append(self, entries: Sequence[Entry], expected: int) -> None:
        """Add entries to a case, as `Store.append` says, in one transaction.

        Args:
            entries: Entries of one case that continue its chain; at least one.
            expected: How many entries of the case the writer has seen.

        Raises:
            Conflict: If the case has more or fewer entries; nothing was written.
            UsageError: If the entries do not continue the chain.
        """
        self.append_many([(entries, expected)])

    def append_many(self, batch: Iterable[Piece]) -> None:
        """Add entries to many cases in one transaction, which costs little more than to add to one.

        On a conflict nothing of the batch is written, and all cases at which another writer was first are named.

        Args:
            batch: For each case its entries and how many the writer has seen; each case once.

        Raises:
            Conflict: If any case has more or fewer entries.
            UsageError: If any entries do not continue their chain, or a case stands twice.
        """
        # In one order, so that two batches never wait for each other.
        pieces = dict(sorted(check_pieces(batch).items()))
        try:
            with self._writing() as connection:
                check_versions(pieces, _ends(connection, pieces))
                _insert(connection, [entry for entries, _ in pieces.values() for entry in entries])
        except IntegrityError:
            # PostgreSQL lets both look and one insert: now the other can see how far the first has come.
            with self.engine.connect() as connection:
                check_versions(pieces, _ends(connection, pieces))
            raise  # pragma: no cover - no row is ever removed, so the one that was in the way is there

    def read(self, case: str, after: int = 0) -> tuple[Entry, ...]:
        """Return the entries of a case in order; none if there is no such case.

        Args:
            case: The case's id.
            after: Leave out so many from the start.
        """
        with self.engine.connect() as connection:
            return tuple(_folded(connection.execute(_ROWS.where(_ENTRIES.c.case == case, _ENTRIES.c.seq > after))))

    def cases(self) -> Iterator[str]:
        """Yield the ids of all cases in the order of their code points, a few hundred in memory at a time."""
        query = sa.select(_ENTRIES.c.case).distinct().order_by(_ENTRIES.c.case)
        with self.engine.connect().execution_options(yield_per=_AT_ONCE) as connection:
            yield from connection.execute(query).scalars()

    def entries(self) -> Iterator[Entry]:
        """Yield all entries in the order of case and place, a few hundred in memory at a time."""
        with self.engine.connect().execution_options(yield_per=_AT_ONCE) as connection:
            yield from _folded(connection.execute(_ROWS))

    def erase(self, case: str, fact: str) -> int:
        """Erase a personal value, and its salt, from all entries of a case.

        SQLite writes zeros over it, in its log too unless a reader is at work just then. PostgreSQL keeps a dead row
        until ``VACUUM FULL personal``, and what it has put into its write-ahead log and backups.

        Args:
            case: The case's id.
            fact: The value's name.

        Returns:
            The number of values erased now.
        """
        with self._writing() as connection:
            erased = connection.execute(
                sa.update(_PERSONAL)
                .where(_PERSONAL.c.case == case, _PERSONAL.c.fact == fact, _PERSONAL.c.salt.is_not(None))
                .values(salt=None, value=None)
            ).rowcount
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return erased

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "sqlite":
                # Settings of the connection, which may be new or the caller's; none can be made inside a transaction.
                for pragma in (f"busy_timeout={_WAIT}", "synchronous=FULL", "secure_delete=ON"):
                    connection.exec_driver_sql(f"PRAGMA {pragma}")
                # At once, not at the first write: a reader that became a writer could be refused without waiting.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection


def _engine_at(place: str | sa.URL | sa.Engine) -> sa.Engine:
    if isinstance(place, sa.Engine):
        given = _checked(place.url)
        return place.execution_options(isolation_level=_ISOLATION) if given == "postgresql" else place
    try:
        url = sa.make_url(place)
    except ArgumentError:
        raise _no_store("?") from None
    # Said once for each connection, where an engine of the caller's has to be told each time.
    isolation = {"isolation_level": _ISOLATION} if _checked(url) == "postgresql" else {}
    try:
        # An error of the database is logged and shown: it must not carry the values of persons.
        return sa.create_engine(url, hide_parameters=True, **isolation)
    except (ArgumentError, ModuleNotFoundError):
        raise _no_store(url.drivername) from None


def _checked(url: sa.URL) -> str:
    kind, name = url.get_backend_name(), url.database or ":memory:"
    if kind not in ("sqlite", "postgresql"):
        raise _no_store(kind)
    if kind == "sqlite" and (":memory:" in name or url.query.get("mode") == "memory"):
        raise _no_store("SQLite in memory")
    return kind


def _write_ahead(connection: sa.Connection) -> None:
    # Two that open a new file at once both change its mode, and here SQLite refuses the second without waiting.
    for attempt in range(_WAIT // 10):
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            return
        except OperationalError as error:
            code = getattr(error.orig, "sqlite_errorcode", None)
            if code is None or code & 0xFF != SQLITE_BUSY or attempt == _WAIT // 10 - 1:
                raise
        sleep(0.01)


def _no_store(kind: str) -> UsageError:
    return UsageError.because(
        "bad-store",
        zh=f"此处不能存留痕：{kind}；可用 sqlite:///log.db 或 postgresql+pg8000://用户:密码@主机/库；"
        "只在内存中则用 MemoryStore",
        en=f"no store can be kept there: {kind}; use sqlite:///log.db or "
        "postgresql+pg8000://user:password@host/database; MemoryStore is for memory",
    )


def _ends(connection: sa.Connection, cases: Iterable[str]) -> dict[str, tuple[int, str]]:
    names = list(cases)
    ends: dict[str, tuple[int, str]] = {}
    for start in range(0, len(names), _AT_ONCE):
        rows = connection.execute(_ENDS, {"cases": names[start : start + _AT_ONCE]})
        ends.update((case, (seq, digest)) for case, seq, digest in rows)
    return ends


def _insert(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    _insert_rows(connection, _ENTRIES, [(one.case, one.seq, one.body, one.previous, one.hash) for one in entries])
    personal = [
        (one.case, one.seq, fact, *((value.salt, value.value) if value else (None, None)))
        for one in entries
        for fact, value in one.personal.items()
    ]
    if personal:
        _insert_rows(connection, _PERSONAL, personal)


def _insert_rows(connection: sa.Connection, table: sa.Table, rows: list[tuple[Any, ...]]) -> None:
    names = table.c.keys()
    if connection.dialect.name == "postgresql":
        # Rows one by one would each be a journey to the server and back; columns as arrays go in one.
        connection.execute(_UNNESTED[table.name], dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    else:
        connection.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in rows])


def _folded(rows: Iterable[tuple[Any, ...]]) -> Iterator[Entry]:
    for (case, seq, body, previous, digest), group in groupby(rows, key=itemgetter(slice(0, 5))):
        personal = {
            fact: None if salt is None else Personal(salt, value) for *_, fact, salt, value in group if fact is not None
        }
        yield Entry(case, seq, body, previous, digest, personal)
