"""A server for the tests with vLLM's endpoints for adapters, forms and errors as vLLM 0.32 gave them; real weights.

Arguments: port, folder of the base model. POST /manners changes how it behaves, with a list of: `ignores` (adapters are
listed and never applied), `forbids` (the endpoints are not there), `larger` (pictures are shown larger than the base's
processor says), `silent` (no log-probabilities, no counts of tokens).
"""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import torch
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from peft import PeftConfig, PeftModel
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

PORT, BASE = int(sys.argv[1]), sys.argv[2]
MAX_RANK = 16

torch.set_num_threads(1)
app = FastAPI()
processor = AutoProcessor.from_pretrained(BASE)
model: Any = AutoModelForImageTextToText.from_pretrained(BASE, dtype=torch.float32).eval()
own_size = processor.image_processor.size
manners: set[str] = set()
numbers = count()
loaded: dict[str, tuple[str, str]] = {}  # name: peft's own name for it, path


def refused(status: int, message: str, kind: str) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": status}}, status)


def card(name: str, root: str, parent: str | None) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1, "owned_by": "vllm", "root": root, "parent": parent}


@app.get("/v1/models")
def models() -> dict[str, Any]:
    adapters = [card(name, path, "base") for name, (_, path) in loaded.items()]
    return {"object": "list", "data": [card("base", BASE, None), *adapters]}


@app.post("/v1/load_lora_adapter")
async def load(request: Request) -> Response:
    global model
    body = await request.json()
    name, path = body["lora_name"], body["lora_path"]
    if "forbids" in manners:
        return JSONResponse({"detail": "Not Found"}, 404)
    if name in loaded:
        return refused(400, f"The lora adapter '{name}' has already been loaded. If you want to load the adapter in "
                       "place, set 'load_inplace' to True.", "InvalidUserInput")  # fmt: skip
    if not (Path(path) / "adapter_config.json").is_file():
        return refused(404, f"Loading lora {name} failed: No adapter found for {path}", "NotFoundError")
    if (rank := PeftConfig.from_pretrained(path).r) > MAX_RANK:
        return refused(500, "Call to add_lora method failed: Worker failed with error 'LoRA rank "
                       f"{rank} is greater than max_lora_rank {MAX_RANK}.', please check the stack trace above for the "
                       "root cause", "InternalServerError")  # fmt: skip
    inner = f"adapter{next(numbers)}"
    if isinstance(model, PeftModel):
        model.load_adapter(path, inner)
    else:
        model = PeftModel.from_pretrained(model, path, adapter_name=inner).eval()
    loaded[name] = inner, path
    return PlainTextResponse(f"Success: LoRA adapter '{name}' added successfully.")


@app.post("/v1/unload_lora_adapter")
async def unload(request: Request) -> Response:
    name = (await request.json())["lora_name"]
    if name not in loaded:
        return refused(404, f"The lora adapter '{name}' cannot be found.", "NotFoundError")
    del loaded[name]
    return PlainTextResponse(f"Success: LoRA adapter '{name}' removed successfully.")


@app.post("/manners")
async def behave(request: Request) -> None:
    manners.clear()
    manners.update(await request.json())
    larger = {"shortest_edge": 65536, "longest_edge": 65536}
    processor.image_processor.size = larger if "larger" in manners else own_size


@app.post("/v1/chat/completions")
async def chat(request: Request) -> Response:
    body = await request.json()
    name = body["model"]
    if name != "base" and name not in loaded:
        return refused(404, f"The model `{name}` does not exist.", "NotFoundError")
    if "silent" in manners and body.get("logprobs"):
        return refused(400, "logprobs are not supported here", "BadRequestError")
    inputs = read(body["messages"])
    if isinstance(model, PeftModel):
        if name == "base" or "ignores" in manners:
            with model.disable_adapter():
                steps = generate(inputs, body["max_tokens"])
        else:
            model.set_adapter(loaded[name][0])
            steps = generate(inputs, body["max_tokens"])
    else:
        steps = generate(inputs, body["max_tokens"])
    if body.get("stream"):
        return StreamingResponse(chunks(steps, bool(body.get("logprobs"))), media_type="text/event-stream")
    text = "".join(processor.tokenizer.decode(token) for token, _ in steps)
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "length"}
    read_tokens = inputs["input_ids"].shape[1]
    usage = {"prompt_tokens": read_tokens, "completion_tokens": len(steps), "total_tokens": read_tokens + len(steps)}
    data = {"id": "1", "object": "chat.completion", "created": 1, "model": name, "choices": [choice]}
    return JSONResponse(data if "silent" in manners else {**data, "usage": usage})


def read(messages: list[dict[str, Any]]) -> Any:
    """What the model is given: the conversation in its template, and the picture of the data URL."""
    pictures = [
        Image.open(io.BytesIO(base64.b64decode(part["image_url"]["url"].split(",")[1]))).convert("RGB")
        for message in messages
        if not isinstance(message["content"], str)
        for part in message["content"]
        if part["type"] == "image_url"
    ]
    text = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return processor(images=pictures or None, text=[text], return_tensors="pt")


@torch.no_grad()
def generate(inputs: Any, limit: int) -> list[tuple[int, torch.Tensor]]:
    """(token, log-probabilities of all) of a greedy answer."""
    made = model.generate(
        **inputs, max_new_tokens=limit, do_sample=False, output_logits=True, return_dict_in_generate=True
    )
    tokens = made.sequences[0, inputs["input_ids"].shape[1] :].tolist()
    ends = processor.tokenizer.convert_tokens_to_ids("<|im_end|>")
    steps = zip(tokens, (logits[0].log_softmax(-1) for logits in made.logits), strict=True)
    return [(token, chances) for token, chances in steps if token != ends]


def chunks(steps: list[tuple[int, torch.Tensor]], with_logprobs: bool) -> Iterator[str]:
    for token, chances in steps:
        best = chances.topk(20)
        entries = [
            {"token": processor.tokenizer.decode(one), "logprob": value, "bytes": None}
            for one, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]
        own = {"token": processor.tokenizer.decode(token), "logprob": float(chances[token]), "bytes": None}
        logprobs = {"content": [{**own, "top_logprobs": entries}]} if with_logprobs else None
        yield chunk({"content": own["token"]}, logprobs)
    yield chunk({}, finish="stop")
    yield "data: [DONE]\n\n"


def chunk(delta: dict[str, Any], logprobs: Any = None, finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
    data = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(data)}\n\n"


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="error")
