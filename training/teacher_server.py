"""One question to a teacher's server. It knows the wire, and nothing of captions. Needs the `served` extra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from m3ad.monitor.names import Source
from m3ad.monitor.served_client import only_model, open_client
from training.patience import NoAnswer, Patience
from training.teacher_limits import Gate

SILENCE_SECONDS = 180.0  # the answer comes in one piece, so this is the longest that it may take
MAX_ANSWER_TOKENS = 4096  # a caption has about 300; the rest is for teachers that reason first


@dataclass(frozen=True, slots=True)
class Reply:
    """A teacher's text, and the tokens of question and text together; None where the server does not count them."""

    text: str
    tokens: int | None


class TeacherServer:
    """A chat model on an OpenAI-compatible server. Safe to use from several threads.

    Attributes:
        name: the model's name on the server.
        address: the server's.
    """

    def __init__(self, source: Source, gate: Gate) -> None:
        """Prepares to ask; the server is only reached here when it has to be asked which model it has."""
        self.address = source.location
        self._client = open_client(source.location, silence=SILENCE_SECONDS, retries=0)
        self.name = source.model or only_model(self._client, source.location)
        self._patience = Patience(source.location, gate)

    def ask(self, messages: list[dict[str, Any]]) -> Reply:
        """The answer to one conversation. Raises as `Patience.ask` does."""
        return self._patience.ask(lambda: self._once(messages))

    def _once(self, messages: list[dict[str, Any]]) -> Reply:
        try:
            reply: Any = self._client.chat.completions.create(
                model=self.name,
                messages=messages,  # type: ignore[arg-type]
                max_completion_tokens=MAX_ANSWER_TOKENS,
            )
            text = reply.choices[0].message.content or ""
            tokens = reply.usage.total_tokens if reply.usage else None
        except (ValueError, AttributeError, IndexError, TypeError) as error:
            raise NoAnswer(f"{self.address} sent something that is no answer") from error
        # Half a surrogate pair could be neither sent back nor written to a file.
        return Reply(text.encode("utf-8", "replace").decode(), tokens)
