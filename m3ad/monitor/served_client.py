"""What all that ask an OpenAI-compatible server share: the client and its key, the picture's form, errors in sentences.

Needs the `served` extra.
"""

from __future__ import annotations

import base64
import os
from typing import Any

from PIL.Image import Image

from m3ad.errors import ModelUnavailable
from m3ad.images import encode
from m3ad.monitor.base import fit

try:
    import openai
except ImportError as error:
    raise ModelUnavailable(
        "Served models need the openai client, which is not installed. Install it with `uv sync --extra served`."
    ) from error

# The only place a key is taken from. Not OPENAI_API_KEY: that one must not travel to whatever address is typed in.
KEY_VARIABLE = "M3AD_API_KEY"
CONNECT_SECONDS = 10.0


def open_client(address: str, *, silence: float, retries: int) -> openai.OpenAI:
    """A client for the server at `address`, which is not reached yet.

    Args:
        silence: seconds without a byte after which a request is given up.
        retries: how often the client itself asks again.
    """
    client = openai.OpenAI(
        base_url=address,
        api_key=os.environ.get(KEY_VARIABLE) or "none",
        timeout=openai.Timeout(silence, connect=CONNECT_SECONDS),
        max_retries=retries,
    )
    # The client would send these from the environment, whatever the address.
    client.organization = client.project = None
    return client


def only_model(client: openai.OpenAI, address: str) -> str:
    """The name of the one model that the server has.

    Raises:
        ModelUnavailable: it has several or none, or cannot be asked.
    """
    try:
        names = [model.id for model in client.models.list()]
    except openai.OpenAIError as error:
        raise unavailable(address, error) from error
    if len(names) == 1:
        return names[0]
    offer = f"it has {', '.join(sorted(names)[:10])}" if names else "it names none"
    raise ModelUnavailable(f"Say which model of {address} to use, after a #: {offer}.")


def unavailable(address: str, error: openai.OpenAIError) -> ModelUnavailable:
    """The client's error as a sentence with what to do."""
    if isinstance(error, openai.APITimeoutError):
        return ModelUnavailable(f"{address} did not answer in time. Look at the server's log, or try again.")
    if isinstance(error, openai.APIConnectionError):
        return ModelUnavailable(f"Nothing answers at {address}. Start the server there, or check the address.")
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return ModelUnavailable(f"{address} refuses the key. Put one with access into the variable {KEY_VARIABLE}.")
    if isinstance(error, openai.NotFoundError):
        return ModelUnavailable(
            f"{address} has no model of that name or no chat there (many servers want /v1 at the end). Check both."
        )
    # The client shows no answer that is a list, which Gemini's endpoint gives.
    told = error.response.text if isinstance(error, openai.APIStatusError) and isinstance(error.body, list) else error
    return ModelUnavailable(f"{address} refused the request: {str(told)[:300]}")


def picture_part(image: Image) -> dict[str, Any]:
    """The picture as a part of a message: shrunk as for every model, a PNG in a data URL."""
    url = "data:image/png;base64," + base64.b64encode(encode(fit(image), "PNG")).decode()
    return {"type": "image_url", "image_url": {"url": url}}


def with_picture(messages: list[dict[str, Any]], image: Image) -> list[dict[str, Any]]:
    """The conversation with its picture's place filled by the picture, as a PNG data URL."""
    picture = picture_part(image)
    return [{**message, "content": _filled(message["content"], picture)} for message in messages]


def without_picture(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conversation's texts alone."""
    texts = [[part for part in message["content"] if part["type"] == "text"] for message in messages]
    return [
        {**message, "content": "".join(part["text"] for part in parts)}
        for message, parts in zip(messages, texts, strict=True)
    ]


def _filled(content: list[dict[str, Any]], picture: dict[str, Any]) -> Any:
    """A message's content; text alone becomes a plain string, which every server takes from a system message."""
    if all(part["type"] == "text" for part in content):
        return "".join(part["text"] for part in content)
    return [picture if part["type"] == "image" else part for part in content]
