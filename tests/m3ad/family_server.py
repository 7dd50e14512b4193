"""A server for the tests that answers as families of models do, and refuses what their servers refuse.

Its argument is a port. The model's name chooses the family; /seen tells what the last accepted request held. Every
answer has a scratch at the same place: fractions 0.1, 0.25, 0.3, 0.5 of the picture.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

app = FastAPI()
seen: dict[str, Any] = {}
PLACE = (0.1, 0.25, 0.3, 0.5)
TYPED = "<think>There is a scratch.</think><type>scratch</type><location>{}</location><answer>yes</answer>"


def size(body: dict[str, Any]) -> tuple[int, int]:
    """Width and height of the PNG in the last message."""
    (picture,) = [part for part in body["messages"][-1]["content"] if part["type"] == "image_url"]
    head = base64.b64decode(picture["image_url"]["url"].split(",")[1][:44])
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])


def pixels(body: dict[str, Any]) -> list[int]:
    """The place in pixels of the picture as Qwen2.5-VL sees it: each side a multiple of 28."""
    width, height = (round(side / 28) * 28 for side in size(body))
    return [round(part * side) for part, side in zip(PLACE, (width, height) * 2, strict=True)]


def said(name: str, body: dict[str, Any]) -> list[dict[str, str]]:
    """The deltas of an answer."""
    x1, y1, x2, y2 = (round(part * 1000) for part in PLACE)
    if name.startswith("gpt"):
        texts = [TYPED.format("[0.100, 0.250, 0.300, 0.500]")]
    elif name.startswith("gemini"):
        texts = ["Yes.\n```json\n", json.dumps([{"box_2d": [y1, x1, y2, x2], "label": "scratch"}]), "\n```"]
    elif name.startswith("Qwen2.5-VL"):
        texts = [TYPED.format(json.dumps([{"bbox_2d": pixels(body), "label": "scratch"}]))]
    elif name.startswith("anomaly-r1"):
        texts = ["<think>There is a scratch.</think><answer>A</answer>"]
    elif "Thinking" in name:
        answer = TYPED.partition("</think>")[2].format(json.dumps([{"bbox_2d": [x1, y1, x2, y2], "label": "scratch"}]))
        return [{"reasoning_content": "There is a scratch. <answer>no</answer>?"}, {"content": answer}]
    else:
        texts = [TYPED.format(f"<ref>scratch</ref><box>[[{x1}, {y1}, {x2}, {y2}]]</box>")]
    return [{"content": text} for text in texts]


def refusal(name: str, body: dict[str, Any]) -> Response | None:
    """What the houses say to a field that they do not take, one field at a time."""
    if name.startswith("gpt"):
        for field in ("logprobs", "max_tokens", "temperature"):
            if body.get(field) is not None:
                message = f"Unsupported parameter: '{field}' is not supported with this model."
                return JSONResponse({"error": {"message": message, "param": field}}, 400)
    if name == "gemini-none":
        message = "This model is no longer available."
        return JSONResponse([{"error": {"code": 400, "message": message, "status": "FAILED_PRECONDITION"}}], 400)
    if name.startswith("gemini") and "seed" in body:
        message = 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'
        return JSONResponse([{"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}], 400)
    return None


def stream(deltas: list[dict[str, str]]) -> Iterator[str]:
    for number, delta in enumerate([*deltas, {}]):
        finish = "stop" if number == len(deltas) else None
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        data = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        yield f"data: {json.dumps(data)}\n\n"
    yield "data: [DONE]\n\n"


@app.get("/seen")
def last() -> dict[str, Any]:
    return seen


@app.post("/v1/chat/completions")
async def chat(request: Request) -> Response:
    body = await request.json()
    name = body["model"]
    seen["requests"] = seen.get("requests", 0) + 1
    if (refused := refusal(name, body)) is not None:
        return refused
    seen["body"] = body
    return StreamingResponse(stream(said(name, body)), media_type="text/event-stream")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
