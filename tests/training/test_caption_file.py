from __future__ import annotations

import threading
from pathlib import Path

import pytest

from m3ad.errors import BadData
from training.caption_file import CaptionFile


def test_answers_come_back_in_their_order_with_any_text_in_them(tmp_path: Path) -> None:
    file = CaptionFile(tmp_path / "a.jsonl")
    odd = 'é\u2028\n"\ud800 {"key": "'
    file.add("k", "7", odd, 30)
    file.add("other", "8", "x", 1)
    file.add("k", "7", "", 12)
    for same in (file, CaptionFile(tmp_path / "a.jsonl")):
        assert same.answers("k") == [odd, ""]
        assert same.answers("unknown") == []
        assert same.tokens == 43


def test_no_file_is_made_before_the_first_answer(tmp_path: Path) -> None:
    assert CaptionFile(tmp_path / "a.jsonl").tokens == 0
    assert not (tmp_path / "a.jsonl").exists()


def test_wherever_a_line_is_torn_the_others_hold_and_the_next_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    CaptionFile(path).add("k", "7", "first", 1)
    CaptionFile(path).add("k", "7", "second", 1)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for end in range(first, len(whole)):
        path.write_bytes(whole[:end])
        before = CaptionFile(path).answers("k")
        assert before == (["first", "second"] if end == len(whole) - 1 else ["first"])
        CaptionFile(path).add("k", "7", "third", 1)
        assert path.read_bytes().startswith(whole[:end])
        assert CaptionFile(path).answers("k") == [*before, "third"]


@pytest.mark.parametrize(
    "content",
    [
        b"shopping list\n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b'{"image": "7.png", "case": "7"}\n',
        b'{"key": "k", "case": "7", "answer": null, "tokens": 3}\n',
        b'{"key": "k", "case": "7", "answer": "", "tokens": 3}\n[1]\n',
    ],
)
def test_a_file_with_something_else_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(BadData, match=r"a\.jsonl"):
        CaptionFile(tmp_path / "a.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == content


def test_several_threads_lose_nothing(tmp_path: Path) -> None:
    file = CaptionFile(tmp_path / "a.jsonl")
    threads = [
        threading.Thread(target=lambda n=n: [file.add("k", "7", f"{n}/{m}", 1) for m in range(20)]) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(CaptionFile(tmp_path / "a.jsonl").answers("k")) == sorted(
        f"{n}/{m}" for n in range(8) for m in range(20)
    )
