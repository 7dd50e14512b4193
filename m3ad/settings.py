"""Every setting of the app in one place: name, default, help. The command line and README's table read it here."""

from __future__ import annotations

import getpass
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

Quantization = Literal["4bit", "8bit"]
Newcomer = Literal["viewer", "annotator", "reviewer"]


def _help(text: str, choices: tuple[str, ...] | None = None) -> dict[str, Any]:
    return {"help": text, "choices": choices}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the app can be told when it starts; `--like-this` on the command line."""

    workspace: Path = field(
        default=Path("workspace"), metadata=_help("Folder that holds the database, images, runs and models.")
    )
    database: str | None = field(  # not in repr: a URL may hold a password
        default=None,
        repr=False,
        metadata=_help("Database URL (postgresql://user@host/name); without it SQLite in the workspace."),
    )
    host: str = field(
        default="127.0.0.1",
        metadata=_help("Address to listen on; 0.0.0.0 lets other machines in, which needs accounts."),
    )
    port: int = field(default=7860, metadata=_help("Port to listen on."))
    model: str = field(
        default="demo",
        metadata=_help(
            "Model to inspect with: demo, ra-monitor-4b, ra-monitor-8b, a folder, a Hugging Face id, served:URL#model; "
            "?dialect=NAME at the end says how a model of another family is asked. "
            "Not given: the page and `inspect` take the model that was promoted last."
        ),
    )
    device: str = field(default="auto", metadata=_help("auto, cpu, cuda or cuda:N."))
    quantization: Quantization | None = field(
        default=None,
        metadata=_help("4bit or 8bit loads the weights with bitsandbytes; needs a CUDA card.", get_args(Quantization)),
    )
    server: str | None = field(  # not in repr: a URL may hold a password
        default=None,
        repr=False,
        metadata=_help("Address of a vLLM server (http://host:8000/v1) that loads adapters of new models."),
    )
    server_folder: str = field(
        default="",
        metadata=_help("HERE=THERE, with commas: how that server sees folders of this machine (shared storage)."),
    )
    user: str = field(
        default_factory=getpass.getuser, metadata=_help("Name under which annotations are saved when nobody logs in.")
    )
    claim: int = field(
        default=10, metadata=_help("Minutes for which a case that somebody works on is given to nobody else.")
    )
    login: bool = field(default=False, metadata=_help("Ask for user name and password (add users with `user add`)."))
    session_hours: int = field(default=12, metadata=_help("Hours after which a person has to sign in again."))
    proxies: str = field(
        default="",
        metadata=_help("Addresses of reverse proxies, with commas: what they say of visitor and https is believed."),
    )
    proxy_header: str | None = field(
        default=None, metadata=_help("Header in which the proxies name who is signed in, e.g. X-Remote-User.")
    )
    oidc: str | None = field(
        default=None, metadata=_help("Address (issuer) of an OpenID Connect provider; needs `--extra sso`.")
    )
    oidc_client: str | None = field(
        default=None, metadata=_help("Our name at the provider; the secret is read from M3AD_OIDC_SECRET.")
    )
    oidc_claim: str = field(
        default="preferred_username", metadata=_help("What of the provider's answer is the person's name here.")
    )
    newcomers: Newcomer | None = field(
        default=None,
        metadata=_help(
            "Role of people whom single sign-on knows and we do not; without it they are refused.", get_args(Newcomer)
        ),
    )
    remote: str = field(
        default="",
        metadata=_help("Folders of buckets that may be read, with commas: s3://bucket/folder; needs `--extra remote`."),
    )
    remote_cache: int = field(
        default=20, metadata=_help("Gigabytes of pictures from buckets that are kept in the workspace.")
    )
    remote_images: str | None = field(
        default=None,
        metadata=_help("Folder of a bucket for uploaded and copied pictures; without it the workspace keeps them."),
    )
    ray: str | None = field(
        default=None,
        metadata=_help("Address of a Ray cluster to train and judge on, http://host:8265; needs `--extra ray`."),
    )
    demo: bool = field(default=True, metadata=_help("Fill an empty store with drawn parts at the first start."))


def setting_rows() -> list[tuple[str, str, str]]:
    """(flag, default, help) of every setting, in order, as README's table shows them."""
    return [(_flag(setting), _default(setting), setting.metadata["help"]) for setting in fields(Settings)]


def _flag(setting: Field[Any]) -> str:
    name = setting.name.replace("_", "-")
    return f"--{name}, --no-{name}" if isinstance(setting.default, bool) else f"--{name}"


def _default(setting: Field[Any]) -> str:
    if setting.name == "user":
        return "your login name"
    if isinstance(setting.default, bool):
        return "on" if setting.default else "off"
    return "" if setting.default is None else str(setting.default)
