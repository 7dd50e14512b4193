"""A PostgreSQL server of the tests' own: in a temporary folder, on loopback, gone with them."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

PASSWORD = "s3cret/p@ss"  # nothing may ever print it; the characters are those that an URL must escape
USER = "studio"
PATIENCE = 60.0  # seconds the server may take to come up


@dataclass
class Server:
    """One running server.

    Attributes:
        port: on 127.0.0.1.
        number: counts the databases that were made.
    """

    port: int
    number: count[int]

    def url(self, database: str) -> str:
        """The URL of a database for its owner, password included."""
        escaped = PASSWORD.replace("/", "%2F").replace("@", "%40")
        return f"postgresql://{USER}:{escaped}@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str) -> None:
        """A statement on the server itself."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def fresh(self, template: str = "template0") -> str:
        """The URL of a new database like the template."""
        name = f"store_{next(self.number)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.run(f"DROP DATABASE {url.rsplit('/', 1)[1]} WITH (FORCE)")


def find_server() -> Path:
    """The folder of the server's programs. Without one: skipped on a laptop, a failure where CI promises it."""
    found = [Path(path).resolve().parent for path in (shutil.which("postgres"), shutil.which("initdb")) if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return lacking("no PostgreSQL server on this machine: install it to run the tests of the store on it")


def lacking(reason: str) -> Path:
    """Skip, or fail in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _user() -> str | None:
    """Who the server runs as: nobody else is asked but by root, whom it refuses."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@contextmanager
def running() -> Iterator[Server]:
    """A new server. Its names sort as people of one language do, not as bytes do, as on most servers."""
    programs, user = find_server(), _user()
    folder = Path(tempfile.mkdtemp(prefix="store-"))
    try:
        (folder / "password").write_text(PASSWORD)
        if user:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)
        data = str(folder / "data")
        make = [str(programs / "initdb"), "-D", data, "-U", USER, "--pwfile", str(folder / "password"), "-N"]
        make += ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US"]
        made = subprocess.run(make, user=user, cwd=folder, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        start = [str(programs / "postgres"), "-D", data]
        start += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(start, user=user, cwd=folder, stdout=log, stderr=log)
        try:
            _await(port, process, folder / "log")
            yield Server(port, count())
        finally:
            process.send_signal(2)  # "fast": connections that were left open do not hold it up
            process.wait(PATIENCE)
    finally:
        shutil.rmtree(folder)


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if "ready to accept connections" in log.read_text():
            return
        time.sleep(0.05)
    raise AssertionError(f"the server did not start on port {port}: {log.read_text()}")
