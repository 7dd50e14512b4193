"""A server's adapters: which models it has, and loading one more beside its base, or unloading it again.

The endpoints are vLLM's (`/v1/load_lora_adapter`, `/v1/unload_lora_adapter`), which it only has where it was started
with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True. Needs the `served` extra.
"""

from __future__ import annotations

from dataclasses import dataclass

from m3ad.errors import ModelUnavailable
from m3ad.monitor.adapters import START
from m3ad.monitor.served_client import open_client, openai, unavailable

LOADING_SECONDS = 120.0  # without a byte: an adapter of some hundred megabytes may come over a network
LISTING_SECONDS = 5.0  # a page waits for it


@dataclass(frozen=True, slots=True)
class Card:
    """A model as a server lists it.

    Attributes:
        root: where the server has its files from, as it sees them; empty where it does not say.
        parent: of an adapter: the name of its base model; empty of a base model.
    """

    name: str
    root: str = ""
    parent: str = ""


class AdapterServer:
    """The adapters of the server at an address like http://host:8000/v1."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = open_client(address, silence=LOADING_SECONDS, retries=0)

    def cards(self) -> list[Card]:
        """All models that the server has now. Raises ModelUnavailable."""
        try:
            listed = list(self._client.models.list(timeout=LISTING_SECONDS))
        except openai.OpenAIError as error:
            raise unavailable(self.address, error) from error
        return [Card(one.id, _text(one, "root"), _text(one, "parent")) for one in listed]

    def base(self) -> Card:
        """The model that adapters are loaded beside: the first one that is no adapter. Raises ModelUnavailable."""
        found = next((card for card in self.cards() if not card.parent), None)
        if found is None:
            raise ModelUnavailable(f"{self.address} names no model of its own. Start it with the adapter's base model.")
        return found

    def load(self, name: str, path: str, rank: int) -> None:
        """Load an adapter under a name.

        Args:
            path: its folder, as the server sees it.
            rank: of its matrices, for the advice where the server allows fewer.

        Raises:
            ModelUnavailable: the server does not allow it or cannot load it; it says why.
        """
        try:
            self._post("/load_lora_adapter", lora_name=name, lora_path=path)
        except openai.NotFoundError as error:
            if "does not exist" in _said(error) or "No adapter found" in _said(error):
                raise ModelUnavailable(
                    f"{self.address} finds no adapter in {path}. Say how it sees the folder, with --server-folder "
                    "HERE=THERE."
                ) from error
            raise self._not_allowed() from error
        except openai.APIStatusError as error:
            raise ModelUnavailable(self._refusal(name, rank, _said(error))) from error
        except openai.OpenAIError as error:
            raise unavailable(self.address, error) from error

    def unload(self, name: str) -> bool:
        """Unload an adapter; False where the server does not have it (any more). Raises ModelUnavailable as `load`."""
        try:
            self._post("/unload_lora_adapter", lora_name=name)
        except openai.NotFoundError as error:
            if "cannot be found" in _said(error):
                return False
            raise self._not_allowed() from error
        except openai.OpenAIError as error:
            raise unavailable(self.address, error) from error
        return True

    def _post(self, path: str, **body: str) -> None:
        self._client.post(path, cast_to=str, body=body)

    def _not_allowed(self) -> ModelUnavailable:
        return ModelUnavailable(
            f"{self.address} does not load adapters while it runs. Start it so: `{START}` (and give its address with "
            "/v1 at the end)."
        )

    def _refusal(self, name: str, rank: int, said: str) -> str:
        if "max_lora_rank" in said:
            advice = f"Start it with --max-lora-rank {rank}."
        elif "already been loaded" in said:
            advice = "Unload it first."
        else:
            advice = f"Look at its log; it has to be started so: `{START}`."
        return f"{self.address} does not load {name}: {said.rstrip('.')[:400]}. {advice}"


def listed(address: str, model: str) -> str:
    """What a server says of a model: its name, where its files are, its base; empty where it lists nothing."""
    try:
        cards = {card.name: card for card in AdapterServer(address).cards()}
    except ModelUnavailable:
        return ""
    return " ".join(filter(None, (model, cards[model].root, cards[model].parent))) if model in cards else ""


def _said(error: openai.APIStatusError) -> str:
    """The sentence in a server's error."""
    body = error.body if isinstance(error.body, dict) else {}
    return str(body.get("message") or error.response.text)


def _text(model: openai.types.Model, name: str) -> str:
    value = getattr(model, name, None)
    return value if isinstance(value, str) else ""
