"""The compose file says what is true: its commands, ports, names and secrets. It is read here, not started."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from db.dialect import read_url
from m3ad.monitor.adapters import START
from m3ad.monitor.names import resolve
from m3ad.settings import Settings
from ui.commands.common import make_settings
from ui.commands.parser import make_parser

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "deploy/compose.yaml").read_text()
PAGE = (ROOT / "docs/deploy.md").read_text()
IMAGE = (ROOT / "deploy/Dockerfile").read_text()


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return yaml.safe_load(TEXT)["services"]


def filled(text: str) -> str:
    """The text with the defaults of its variables, and doubled dollars as the shell sees them."""
    return re.sub(r"(?<!\$)\$\{\w+:-([^}]*)\}", r"\1", text).replace("$$", "$")


@pytest.fixture
def started(services: dict[str, Any], tmp_path: Path) -> Callable[..., Settings]:
    """started(*command, model=…) is what the app is told in its container, by a real shell in Python's place."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf \'%s\\n\' "$@"\ntest -n "${PGPASSWORD+given}"\n')
    python.chmod(0o755)

    def start(*command: str, model: str = "", server: str = "") -> Settings:
        app = services["app"]
        line = [*map(filled, app["entrypoint"]), *(command or map(filled, app["command"]))]
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "STUDIO_MODEL": model, "STUDIO_SERVER": server}
        told = subprocess.run(line, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
        assert told[0] == "app.py"
        return make_settings(make_parser().parse_args(told[1:]))

    return start


def test_the_app_listens_for_others_only_with_its_login(
    services: dict[str, Any], started: Callable[..., Settings]
) -> None:
    settings = started()
    assert (settings.host, settings.login) == ("0.0.0.0", True)
    assert filled(services["app"]["ports"][0]) == f"127.0.0.1:{settings.port}:{settings.port}"
    assert f"EXPOSE {settings.port}" in IMAGE
    assert f":{settings.port}/login" in services["app"]["healthcheck"]["test"][-1]


def test_the_app_finds_the_database_and_the_workspace(
    services: dict[str, Any], started: Callable[..., Settings]
) -> None:
    settings, postgres = started(), services["postgres"]
    url, _ = read_url(str(settings.database))
    named = postgres["environment"]
    assert (url.host, url.username, url.database) == ("postgres", named["POSTGRES_USER"], named["POSTGRES_DB"])
    assert url.password is None
    mounts = [filled(mount).split(":")[1] for mount in services["app"]["volumes"]]
    assert mounts == [str(settings.workspace), "/models"]
    assert f"mkdir {settings.workspace}" in IMAGE
    assert services["app"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_another_command_takes_the_place_of_serving_and_finds_the_same_store(
    started: Callable[..., Settings],
) -> None:
    lines = re.findall(r"run --rm app ([a-z][^#`…]*)", TEXT + PAGE)
    assert len(lines) == 3
    for line in lines:
        if line.strip() != "import":  # its folder is left to the reader
            assert started(*shlex.split(line.split("\n")[0])).database == started().database


def test_the_served_model_is_the_one_that_the_page_names(
    services: dict[str, Any], started: Callable[..., Settings]
) -> None:
    options = dict(word.partition("=")[::2] for word in services["vllm"]["command"])
    name, port = options["--served-model-name"], options["--port"]
    address = f"served:http://vllm:{port}/v1#{name}"
    assert f"`{address}`" in PAGE
    assert resolve(address).kind == "served"
    assert started(model=address).model == address
    assert started().model == Settings().model
    assert services["vllm"]["profiles"] == ["gpu"]
    assert all("profiles" not in services[other] for other in ("app", "postgres"))


def test_the_server_sees_models_and_adapters_where_the_app_does(
    services: dict[str, Any], started: Callable[..., Settings]
) -> None:
    app, vllm = services["app"], services["vllm"]
    assert {f"{mount.removesuffix(':ro')}:ro" for mount in app["volumes"]} == set(vllm["volumes"])
    assert f"`{(address := 'http://vllm:8000/v1')}`" in PAGE
    assert started(server=address).server == address
    assert "ports" not in vllm
    told = {*vllm["command"], *(f"{name}={value}" for name, value in vllm["environment"].items())}
    assert {START.split()[0], START.split()[-1]} <= told


def test_passwords_are_in_files_and_nothing_is_just_the_latest(services: dict[str, Any]) -> None:
    assert not re.search(r"PASSWORD: |:latest|@latest", TEXT + IMAGE)
    for name, service in services.items():
        assert re.search(r":v?\d", service["image"]), name
        assert service["restart"] == "unless-stopped"
        assert {"healthcheck", "stop_grace_period"} <= service.keys()
    assert "USER studio" in IMAGE
    assert services["app"]["read_only"] is True


def test_the_database_is_of_the_version_that_the_tests_run(services: dict[str, Any]) -> None:
    major = re.fullmatch(r"postgres:(\d+)-\w+", services["postgres"]["image"])
    assert major is not None
    assert f"tested with {major[1]}" in (ROOT / "docs/postgresql.md").read_text()


def test_every_variable_is_explained_and_every_explained_one_is_there() -> None:
    assert set(re.findall(r"\$\{(\w+):-", TEXT)) == set(re.findall(r"`(STUDIO_\w+)`", PAGE))


def test_the_image_takes_what_the_app_is_made_of() -> None:
    copied = set(re.findall(r"^COPY (\S+) ", IMAGE, re.MULTILINE))
    assert copied == {"pyproject.toml", "app.py", "m3ad", "db", "training", "ui"}
    assert all((ROOT / name).exists() for name in copied)
    ignored = (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    for extra in re.findall(r"--extra (\w+)", IMAGE):
        assert re.search(rf"^{extra} = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
