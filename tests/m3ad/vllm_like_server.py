"""A server for the tests that answers chat requests as vLLM does, log-probabilities included; its argument is a port.

The model's name chooses the behaviour; /seen tells what the last chat request held.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

app = FastAPI()
seen: dict[str, Any] = {}

# (token, alternatives with their probabilities beside the token's own)
Step = tuple[str, dict[str, float]]
END: list[Step] = [("yes", {"yes": 0.99}), ("</answer>", {"</answer>": 1.0})]
BOX: list[Step] = [("<location>", {"<location>": 1.0}), ("(0.100,0.200) (0.300,0.400)</location><answer>", {})]

SCRIPTS: dict[str, list[Step]] = {
    # Every tag one token, as in the bundled model.
    "whole-tags": [
        ("<think>", {"<think>": 1.0}),
        ("A dent.", {"A dent.": 0.5}),
        ("</think>", {"</think>": 0.9}),
        ("<reflection>", {"<reflection>": 0.5, "<type>": 0.3, "<answer>": 0.1}),
        ("It stays.", {"It stays.": 0.5}),
        ("</reflection>", {"</reflection>": 0.9}),
        ("<type>", {"<type>": 0.8, "<answer>": 0.2}),
        ("dent</type>", {"dent</type>": 0.9}),
        *BOX,
        *END,
    ],
    # Tags in several tokens that run into each other, as in Qwen's tokenizer.
    "spelled-tags": [
        ("<think>A dent.", {}),
        ("</", {"</": 1.0}),
        ("think", {"think": 1.0}),
        ("><", {"><": 0.8, ">": 0.1, ">\n": 0.05}),
        ("type", {"type": 0.6, "answer": 0.15, "reflection": 0.25}),
        (">", {">": 1.0}),
        ("dent</type>", {}),
        *BOX,
        *END,
    ],
    # The other branch is not among the alternatives, and these end while it could still weigh something.
    "few-alternatives": [
        ("<think>A dent.</think>", {}),
        ("<type>", {"<type>": 0.7, "<reflection>": 0.2}),
        ("dent</type>", {}),
        *BOX,
        *END,
    ],
    "sure": [
        ("<think>A dent.</think>", {}),
        ("<type>", {"<type>": 0.9985, "<reflection>": 0.001}),
        ("dent</type>", {}),
        *BOX,
        *END,
    ],
    "free-form": [("There is ", {"There is ": 0.9}), ("a dent.", {"a dent.": 0.9})],
}


def chunk(delta: dict[str, Any], logprobs: Any = None, finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
    data = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(data)}\n\n"


def entry(text: str, chance: float) -> dict[str, Any]:
    return {"token": text, "logprob": math.log(chance), "bytes": list(text.encode())}


def logprobs(step: Step) -> dict[str, Any]:
    text, alternatives = step
    ranked = sorted((alternatives or {text: 1.0}).items(), key=lambda item: -item[1])
    own = entry(text, (alternatives or {text: 1.0})[text])
    return {"content": [{**own, "top_logprobs": [entry(*item) for item in ranked]}]}


def rest_of(script: list[Step], said: str) -> list[Step]:
    """What follows a text: the steps after those that it repeats; of other words, those after the tag that it ends in,
    or from the end of the thinking on."""
    before = ""
    for number, (text, _) in enumerate(script):
        if before == said:
            return script[number:]
        before += text
    tags = [text for text, _ in script]
    ending = next((tags.index(tag) + 1 for tag in ("</think>", "</reflection>") if said.endswith(tag)), None)
    return script[tags.index("</think>") if ending is None else ending :]


async def answer(script: list[Step], with_logprobs: bool, seconds: float) -> AsyncIterator[str]:
    yield chunk({"role": "assistant", "content": ""})
    for step in script:
        await asyncio.sleep(seconds)
        yield chunk({"content": step[0]}, logprobs(step) if with_logprobs else None)
    yield chunk({}, finish="stop")
    yield "data: [DONE]\n\n"


async def reasoning() -> AsyncIterator[str]:
    for delta in ({"reasoning": "The part "}, {"reasoning_content": "is even."}, {"content": "<answer>"}):
        yield chunk(delta)
    yield chunk({"content": "no</answer>"}, finish="stop")


async def broken() -> AsyncIterator[str]:
    yield chunk({"content": "<think>The"})
    yield 'data: {"error": {"message": "the engine died", "code": 500}}\n\n'


async def torn() -> AsyncIterator[str]:
    yield chunk({"content": "<think>The"})
    yield "data: {not json\n\n"


async def cut() -> AsyncIterator[str]:
    yield chunk({"content": "<think>The part"}, finish="length")


def picture_width(body: dict[str, Any]) -> int:
    """Pixels, from the head of the PNG in the last message."""
    (picture,) = [part for part in body["messages"][-1]["content"] if part["type"] == "image_url"]
    return int.from_bytes(base64.b64decode(picture["image_url"]["url"].split(",")[1][:44])[16:20])


@app.get("/v1/models")
def models() -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model"} for name in ("whole-tags", "spelled-tags")]}


@app.get("/one/v1/models")
def one_model() -> dict[str, Any]:
    return {"object": "list", "data": [{"id": "whole-tags", "object": "model"}]}


@app.get("/seen")
def last() -> dict[str, Any]:
    return seen


@app.post("/one/v1/chat/completions")
@app.post("/v1/chat/completions")
async def chat(request: Request) -> Response:
    body = await request.json()
    name = body["model"]
    seen.update(body=body, headers=dict(request.headers), requests=seen.get("requests", 0) + 1)
    if name == "refuses-logprobs" and body.get("logprobs"):
        return JSONResponse({"error": {"message": "logprobs are not supported"}}, 400)
    if name == "needs-key" and request.headers["authorization"] != "Bearer open sesame":
        return JSONResponse({"error": {"message": "who are you?"}}, 401)
    if name == "refuses-all":
        return JSONResponse({"error": {"message": "the picture is too large"}}, 422)
    if name == "fails":
        return JSONResponse({"error": {"message": "no memory"}}, 500)
    if name == "busy" and seen["requests"] % 3 == 0:
        return JSONResponse({"error": {"message": "too many requests"}}, 429)
    if name == "picky" and picture_width(body) == 192:
        return JSONResponse({"error": {"message": "this picture is not allowed"}}, 400)
    special = {"reasoning": reasoning, "broken": broken, "torn": torn, "cut": cut}
    plain = dict.fromkeys(("refuses-logprobs", "needs-key", "slow", "begins-anew", "busy", "picky"), "whole-tags")
    if name in special:
        return StreamingResponse(special[name](), media_type="text/event-stream")
    if plain.get(name, name) not in SCRIPTS:
        return JSONResponse({"error": {"message": f"The model `{name}` does not exist."}}, 404)
    script = SCRIPTS[plain.get(name, name)]
    if body["messages"][-1]["role"] == "assistant" and name != "begins-anew":
        assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
        script = rest_of(script, body["messages"][-1]["content"])[: body["max_tokens"]]
    stream = answer(script, bool(body.get("logprobs")), 0.2 if name == "slow" else 0.0)
    return StreamingResponse(stream, media_type="text/event-stream")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
