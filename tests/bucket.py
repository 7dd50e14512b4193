"""An S3-compatible server in a process of its own, on loopback, and buckets on it: gone with the tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import boto3

from tests.server_process import free_port, started

SECRET = "s3cret-that-nobody-prints"
_numbers = count()


@dataclass
class BucketServer:
    """One running server.

    Attributes:
        environment: what a program needs to find it, as people set it.
        log: one line for each request that it was sent.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables of the storage library."""
        return {
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "factory",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def bucket(self) -> Bucket:
        """A new, empty bucket."""
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id="factory",
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )
        name = f"factory-{next(_numbers)}"
        client.create_bucket(Bucket=name)
        return Bucket(name, client, self)

    def requests(self, part: str) -> int:
        """How many requests so far had this in their line of the log: a method, a key."""
        return sum(part in line for line in self.log.read_text().splitlines())

    def end(self) -> None:
        """The server is away from now on."""
        self.process.kill()
        self.process.wait()


@dataclass
class Bucket:
    """One bucket."""

    name: str
    client: Any
    server: BucketServer

    def url(self, key: str = "") -> str:
        """The address of a key."""
        return f"s3://{self.name}/{key}".rstrip("/")

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def read(self, key: str) -> bytes:
        """An object's content."""
        found: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return found

    def put_folder(self, folder: Path, prefix: str) -> None:
        """Write all files of a folder."""
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.put(f"{prefix}/{file.relative_to(folder).as_posix()}", file.read_bytes())

    def remove(self, key: str) -> None:
        """Remove an object."""
        self.client.delete_object(Bucket=self.name, Key=key)

    def names(self) -> list[str]:
        """The keys of what is in it."""
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])]


@contextmanager
def bucket_server(folder: Path) -> Iterator[BucketServer]:
    """Start one; its log goes into the folder."""
    port, log = free_port(), folder / "buckets.log"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = started(command, f"http://127.0.0.1:{port}/moto-api/data.json", log)
    server = BucketServer(process, port, log)
    try:
        yield server
    finally:
        server.end()
