"""The version of the code: a commit where the program lies in a checkout of its own, else the package's."""

from __future__ import annotations

import subprocess
from pathlib import Path

from training.code_version import PACKAGE, _commit, _package, code_version


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    done = subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_checkout_is_known_by_its_commit_and_by_changes_to_it(tmp_path: Path) -> None:
    assert _commit(tmp_path) == ""
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "tag", "v1")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert _commit(tmp_path) == f"git {commit}"
    (tmp_path / "a.py").write_text("2")
    assert _commit(tmp_path) == f"git {commit}-dirty"
    (tmp_path / "inside").mkdir()
    assert _commit(tmp_path / "inside") == "", "a package that is installed inside somebody's checkout is not theirs"


def test_without_a_checkout_it_is_the_packages_version() -> None:
    assert _package()
    assert code_version() == (_commit(Path(__file__).resolve().parents[2]) or _package())
    assert PACKAGE in (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text()
