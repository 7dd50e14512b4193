"""Which version of this program is running: the commit of its checkout, or the version of the installed package."""

from __future__ import annotations

import os
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "ra-monitor-studio"
SENT = "M3AD_CODE_VERSION"  # told to a program that was sent to another machine without its checkout


@lru_cache(maxsize=1)
def code_version() -> str:
    """ "git 1a2b…" (40 digits, then "-dirty" when files differ from the commit), else "0.1.0", else "unknown".

    Asked once in a process: what was loaded then is what runs, whatever the checkout holds later.
    """
    return os.environ.get(SENT) or _commit(ROOT) or _package()


def _commit(root: Path) -> str:
    """Empty when the program does not lie in a checkout of its own, or git is not there."""
    if not (root / ".git").exists():  # an installed package may lie inside somebody else's checkout
        return ""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"git {done.stdout.strip()}"


def _package() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "unknown"
