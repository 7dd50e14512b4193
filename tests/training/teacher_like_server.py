"""A server for the tests that answers as a teacher of captions does, and fails as servers do; its argument is a port.

The model's name chooses the behaviour, and so does a category that says what goes wrong; /seen tells every request.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

THINK_END = re.compile(r'(?:Its last sentence|The last sentence of "think"): (.+)')
REFLECTION_END = re.compile(r'The last sentence of "reflection": (.+)')
seen: list[dict[str, Any]] = []
visits: dict[str, int] = {}
lock = threading.Lock()
free_at = [0.0]


def good(question: str) -> str:
    """A caption that is in order, made from the sentences which the question gives."""
    think = THINK_END.search(question)
    reflection = REFLECTION_END.search(question)
    assert think is not None
    caption = {"think": f"The part was looked at from edge to edge. {think[1]}"}
    if reflection is not None:
        caption["reflection"] = f"Looked at once more, the evidence in the image speaks clearly. {reflection[1]}"
    return f"Here it is:\n```json\n{json.dumps(caption)}\n```"


LEAK = json.dumps({"think": "According to the labels and the yellow frame this is clear. There is no defect."})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        with lock:
            self.reply(200, seen)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        user = body["messages"][1]["content"]
        question = next(part["text"] for part in user if part["type"] == "text")
        with lock:
            visit = visits[question] = visits.get(question, -1) + 1
            seen.append({"body": body, "question": question, "headers": dict(self.headers), "time": time.monotonic()})
        self.behave(body["model"], question, visit)

    def behave(self, model: str, question: str, visit: int) -> None:
        if model == "slow":
            time.sleep(0.05)
        if "huge part" in question:
            return self.fail(400, "the picture is too large")
        if "crashing part" in question or model == "down":
            return self.fail(500, "the engine died")
        if "puzzling part" in question:
            return self.answer('I would rather not say. {"think": ')
        if model == "needs-key" and self.headers["Authorization"] != "Bearer open sesame":
            return self.fail(401, "who are you?")
        if model == "quota":
            return self.fail(429, "come back tomorrow", {"Retry-After": "86400"})
        if model == "strict" and not self.in_time():
            return self.fail(429, "too fast")
        if model == "moody":
            return self.moody(question, visit)
        if model == "stubborn" or (model == "slow-learner" and visit == 0):
            return self.answer(LEAK)
        if model == "no-usage":
            return self.answer(good(question), usage=False)
        return self.answer(good(question))

    def in_time(self) -> bool:
        """One request in a tenth of a second, whoever comes first."""
        with lock:
            now = time.monotonic()
            if now < free_at[0]:
                return False
            free_at[0] = now + 0.1
            return True

    def moody(self, question: str, visit: int) -> None:
        """Everything that can go wrong, in turn, before a good answer."""
        if visit == 0:
            return self.fail(429, "too fast", {"Retry-After": "0.3"})
        if visit == 1:
            return self.fail(500, "no memory")
        if visit == 2:
            self.close_connection = True
            self.connection.close()
            return None
        if visit == 3:
            return self.send(200, b"<html>the proxy is tired</html>")
        if visit == 4:
            return self.answer('{{{"think": 5} and \ud800 then {"thi')
        return self.answer(LEAK if visit == 5 else good(question))

    def answer(self, text: str, usage: bool = True) -> None:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        data: dict[str, Any] = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        if usage:
            data["usage"] = {"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1000}
        self.reply(200, data)

    def fail(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps({"error": {"message": message}}).encode(), headers)

    def reply(self, status: int, data: Any) -> None:
        self.send(status, json.dumps(data).encode())

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
