"""Model folders of the Hugging Face hub: from the cache without any network where they are complete, else downloaded.

A repository is only ever looked up because a person asked for it by name.
"""

from __future__ import annotations

from pathlib import Path

import httpx2
from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from m3ad.errors import ModelUnavailable
from m3ad.monitor.folders import complete

# Weights as safetensors only, and no code: *.py and *.bin stay where they are.
WEIGHTS = ("*.json", "*.jinja", "*.txt", "*.safetensors")
PROCESSOR = ("*.json", "*.jinja", "*.txt")


def hub_folder(repository: str, subfolder: str = "", *, weights: bool = True) -> Path:
    """The local copy of a repository's folder, downloaded if need be.

    Args:
        weights: False fetches the processor's files alone.

    Raises:
        ModelUnavailable: not in the cache and not to be had.
    """
    prefix = f"{subfolder}/" if subfolder else ""
    patterns = [prefix + pattern for pattern in (WEIGHTS if weights else PROCESSOR)]
    try:
        folder = Path(snapshot_download(repository, allow_patterns=patterns, local_files_only=True)) / subfolder
        if complete(folder, weights=weights):
            return folder
    except LocalEntryNotFoundError:
        pass
    try:
        return Path(snapshot_download(repository, allow_patterns=patterns)) / subfolder
    except (GatedRepoError, RepositoryNotFoundError) as error:
        raise ModelUnavailable(
            f"The Hugging Face hub has no repository {repository} that you may read. Check the name, or set HF_TOKEN "
            "to a token with access."
        ) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise ModelUnavailable(
            f"{repository} is not on this machine and the Hugging Face hub cannot be reached. Connect once, or copy "
            "the model's folder here and give its path."
        ) from error
