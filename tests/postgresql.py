"""A PostgreSQL server for tests: of an ordinary user, on a socket alone, and gone when they end, however they do."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import glob
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from snnviz.store import Store, tables
from tests.waiting import processes, until

USER = "postgres"
"""As whom the server runs where the tests are root's, which PostgreSQL refuses."""

OPTIONS = {
    "listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "shared_buffers": "16MB", "max_connections": "100", "autovacuum": "off", "log_min_messages": "fatal",
}  # fmt: skip
"""Nothing waits for the disk: processes are killed here, no machine is."""

SCHEMA = """
SELECT relkind::text, relname::text, attnum, attname::text, atttypid::int, attnotnull, atthasdef
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND attnum > 0 ORDER BY relname, attnum
"""
"""All columns of tables, indices and sequences, dropped ones too."""

KEEPER = """
import shutil, subprocess, sys
sys.stdin.read()
subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""
"""What outlives the tests, hears of their end by the end of a pipe, and clears away after them."""


def programs() -> Path | None:
    """The folder of initdb and pg_ctl, which Debian keeps off the path."""
    found = sorted(glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(Path(path).parts[-3]))
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else Path(found[-1]).parent if found else None


def missing() -> str | None:
    """Why there can be no cluster here, or None."""
    if find_spec("psycopg") is None:
        return "psycopg is not installed (requirements-postgresql.txt)"
    if programs() is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(USER)
        except KeyError:
            return f"PostgreSQL does not run as root, and there is no user {USER}"
        if shutil.which("runuser") is None:
            return "PostgreSQL does not run as root, and there is no runuser"
    return None


class Cluster:
    """A server with databases for tests, in a folder of its own whose name is short enough for a socket."""

    def __init__(self, **options: str) -> None:
        found = programs()
        assert found is not None
        self.programs, self.options = found, {**OPTIONS, **options}
        short = "/tmp" if os.path.isdir("/tmp") else None
        self.folder = Path(tempfile.mkdtemp(prefix="snnviz-pg-", dir=short))
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER)
        self._made = 0
        self._free: list[str] = []
        self._schema: list[Any] = []
        self._tables: list[str] = []
        self._numbers: list[str] = []
        stop = self._command("pg_ctl", "-m", "immediate", "stop")
        keeper = [sys.executable, "-I", "-S", "-c", KEEPER, str(self.folder), *stop]
        self._keeper = subprocess.Popen(keeper, stdin=subprocess.PIPE, start_new_session=True)

    def make(self) -> None:
        self._run("initdb", "-U", "snnviz", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.start()

    def start(self) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in self.options.items())
        begin = ("-l", f"{self.folder}/log", "-w", "-t", "60", "-o", f"{options} -k {self.folder}", "start")
        for left in (2, 1, 0):
            try:
                return self._run("pg_ctl", *begin)
            except AssertionError as error:  # what was killed may hold the memory that it shared for a moment
                if not left:
                    raise AssertionError(f"{error}\n{(self.folder / 'log').read_text()[-2000:]}") from None
                time.sleep(0.5)
        return None

    def stop(self) -> None:
        """As for an upgrade: who is connected is thrown out, and what was committed is on the disk."""
        self._run("pg_ctl", "-m", "fast", "-w", "stop")

    def kill(self) -> None:
        """As by the system that has no memory left."""
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(first, signal.SIGSTOP)  # so that it starts no more
        below = [process.pid for process in processes() if process.parent == first]
        for pid in (*below, first):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not {first, *below} & {process.pid for process in processes()})
        # A number that was not yet waited for passes for a server's, and another one would not start.
        for left in ("data/postmaster.pid", ".s.PGSQL.5432.lock"):
            (self.folder / left).unlink(missing_ok=True)

    def end(self) -> None:
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait(60)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://snnviz@/{name}?host={self.folder}"

    @contextmanager
    def database(self, *, bare: bool = False) -> Iterator[str]:
        """The URL of a database of one's own: a copy of an empty store, or `bare`, without tables."""
        if bare:
            name = self._create("template0")
        else:
            if not self._schema:
                self._make_empty()
            name = self._free.pop() if self._free else self._create("empty")
        try:
            yield self.url(name)
        finally:
            if bare or not self._clear(name):
                self._drop(name)

    def connect(self, name: str) -> Any:
        import psycopg

        return psycopg.connect(host=str(self.folder), user="snnviz", dbname=name, autocommit=True)

    def _create(self, template: str) -> str:
        self._made += 1
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE test{self._made} TEMPLATE {template}")
        if template == "empty":
            self._clear(f"test{self._made}", keep=False)
        return f"test{self._made}"

    def _drop(self, name: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _make_empty(self) -> None:
        with self.connect("postgres") as connection:
            connection.execute("CREATE DATABASE empty")
        Store(self.url("empty")).close()
        with self.connect("empty") as connection:
            self._schema = connection.execute(SCHEMA).fetchall()
        self._numbers = sorted({name for kind, name, *_ in self._schema if kind == "S"})
        self._tables = sorted({name for kind, name, *_ in self._schema if kind == "r"})

    def _clear(self, name: str, *, keep: bool = True) -> bool:
        """Empty a database for the next test, which takes a tenth of making one; False if its tables were changed."""
        with self.connect(name) as connection:
            connection.execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' "
                "AND pid <> pg_backend_pid()"
            )
            found = connection.execute(SCHEMA).fetchall()
            for table in {name for kind, name, *_ in found if kind == "r"} - {*self._tables}:
                connection.execute(f"DROP TABLE {table}")
            if connection.execute(SCHEMA).fetchall() != self._schema:
                return False
            for table in self._tables:
                if table != "snnviz_store":
                    connection.execute(f"DELETE FROM {table}")
            for numbers in self._numbers:
                connection.execute(f"SELECT setval('{numbers}', 1, false)")
            connection.execute(
                f"UPDATE snnviz_store SET id = '{secrets.token_hex(8)}', version = {tables.VERSION}, "
                "migrated = NULL, kept = NULL"
            )
        if keep:
            self._free.append(name)
        return True

    def _command(self, program: str, *arguments: str) -> list[str]:
        command = [str(self.programs / program), "-D", f"{self.folder}/data", *arguments]
        return ["runuser", "-u", USER, "--", *command] if os.geteuid() == 0 else command

    def _run(self, program: str, *arguments: str) -> None:
        # No pipe for what it says: the server would keep it open. No folder of root's to be in.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                self._command(program, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
                cwd="/", timeout=120,
            )  # fmt: skip
            said.seek(0)
            assert done.returncode == 0, f"{program}: {said.read().decode(errors='replace')[-2000:]}"


@contextmanager
def cluster(**options: str) -> Iterator[Cluster]:
    """A server, with such settings of its own."""
    made = Cluster(**options)
    try:
        made.make()
        yield made
    finally:
        made.end()
