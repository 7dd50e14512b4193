"""What of a request a server does not take. OpenAI-compatible servers differ in it and name the field that they refuse:
OpenAI's thinking models take neither `max_tokens` nor a temperature, Gemini's endpoint took no `seed`, few send
log-probabilities.
"""

from __future__ import annotations

import re
from typing import Any

FIELDS = ("logprobs", "max_tokens", "temperature", "seed")


def worded(request: dict[str, Any], refused: frozenset[str]) -> dict[str, Any]:
    """The request without the `refused` ones of FIELDS; the limit of tokens goes on under its newer name."""
    left = {name: value for name, value in request.items() if name not in refused}
    if "logprobs" in refused:
        left.pop("top_logprobs", None)
    if "max_tokens" in refused:
        left["max_completion_tokens"] = request["max_tokens"]
    return left


def plainer(words: str, refused: frozenset[str]) -> frozenset[str] | None:
    """What to leave out besides, after a server has refused a request with these words; None: nothing would help.

    Words that name no field may mean the log-probabilities, which most servers that refuse anything refuse.
    """
    named = {field for field in FIELDS if re.search(rf"\b(top_)?{field}\b", words)} or {"logprobs"}
    return None if named <= refused else refused | named
