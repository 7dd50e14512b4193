"""`lens`: one case under the lens; the questions of the page, asked with the same functions."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from db.store import Store
from m3ad.errors import BadData
from m3ad.images import open_image
from m3ad.monitor import Answer, Monitor, inspect, open_monitor
from m3ad.occlusion import MEANING, cost, occlusion
from m3ad.records import Mode, Verdict
from m3ad.rewards import REFLECTION_TABLES, RewardConfig
from m3ad.sentences import sentences
from m3ad.trajectories import paid, tally
from ui.commands.common import interruptible, make_settings, model_source, open_store, tell
from ui.commands.inspect import answer_json

MAX_TEXT = 100_000  # bytes; no answer is as long
Told = Iterator[tuple[dict[str, Any], str]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """What to ask about which case, and after which text."""
    parser.add_argument("question", choices=list(QUESTIONS), help="What to ask.")
    parser.add_argument("case", type=int, metavar="CASE", help="Number of a case.")
    parser.add_argument("--text", type=Path, metavar="FILE", help="Its text in place of the model's own answer.")
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.AUTO.value, help="of go-on")
    parser.add_argument("--seed", type=int, default=0, help="of go-on and sample")
    parser.add_argument("--temperature", type=float, help="of go-on (0) and sample (1)")
    parser.add_argument("--alternatives", type=int, default=5, help="of each token, of tokens")
    parser.add_argument("--count", type=int, default=4, help="of samples")
    parser.add_argument("--rows", type=int, default=8, help="of occlusion")
    parser.add_argument("--columns", type=int, default=8, help="of occlusion")


def run(options: argparse.Namespace) -> None:
    """Ask a model (--model) about one case: probe, tokens, go-on, sample or occlusion."""
    settings = make_settings(options)
    with open_store(options) as store:
        picture = open_image(store.case(options.case).primary.path)
        source = model_source(settings, settings.model)
        monitor = open_monitor(source, device=settings.device, quantization=settings.quantization)
        asked = Asked(options, store, monitor, picture, settings.model)
        with interruptible() as asked.cancelled:
            for data, words in QUESTIONS[options.question](asked):
                tell(options, {"case": options.case, "model": settings.model, **data}, words)


class Asked:
    """What every question needs: the options, the case's picture, the model, and whether to stop."""

    cancelled: Callable[[], bool]

    def __init__(self, options: argparse.Namespace, store: Store, monitor: Monitor, picture: Any, model: str) -> None:
        self.options = options
        self.monitor = monitor
        self.picture = picture
        annotation = store.latest_annotation(options.case)
        self.truth: Verdict | None = annotation.verdict if annotation else None
        self._stored = store.latest_inspection(options.case, model)

    def text(self) -> str:
        """The text of the file, else of the model's latest inspection of the case, else what it writes now."""
        if self.options.text is not None:
            return read_text(self.options.text)
        if self._stored is not None:
            return self._stored.trace.text
        return inspect(self.monitor, self.picture).text


def read_text(path: Path) -> str:
    """A text file in UTF-8; BadData where it is none or too long."""
    try:
        if path.stat().st_size > MAX_TEXT:
            raise BadData(f"{path} has more than {MAX_TEXT} bytes, which no answer has. Give a shorter text.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(f"{path} cannot be read as text ({error}). Give a text file in UTF-8.") from error


def _probe(asked: Asked) -> Told:
    """P(anomalous) at the end of each sentence."""
    text = asked.text()
    found = sentences(text)
    with asked.monitor.lens(asked.picture) as lens:
        chances = lens.probe(text, [sentence.end for sentence in found])
    for sentence, chance in zip(found, chances, strict=True):
        said = text[sentence.start : sentence.end]
        yield (
            {**sentence._asdict(), "text": said, "probability": chance},
            f"{_share(chance)}  {sentence.section}: {said}",
        )


def _tokens(asked: Asked) -> Told:
    """The chance of each token, and what else could stand there."""
    with asked.monitor.lens(asked.picture) as lens:
        told = lens.tokens(asked.text(), asked.options.alternatives)
    for token in told:
        others = ", ".join(f"{other.text!r} {_share(other.probability)}" for other in token.alternatives)
        yield asdict(token), f"{_share(token.probability)}  {token.text!r}  ({others})"


def _go_on(asked: Asked) -> Told:
    """The answer as it goes on from the text."""
    options = asked.options
    with asked.monitor.lens(asked.picture) as lens:
        *_, answer = lens.go_on(
            asked.text(),
            mode=Mode(options.mode),
            seed=options.seed,
            temperature=options.temperature or 0.0,
            cancelled=asked.cancelled,
        )
    assert isinstance(answer, Answer)
    yield _answer(answer), f"{_chances(answer)}\n{answer.text}"


def _sample(asked: Asked) -> Told:
    """Each sample as it comes, then how far they agree and, of an annotated case, what RCRL pays each."""
    options = asked.options
    temperature = 1.0 if options.temperature is None else options.temperature
    answers = []
    with asked.monitor.lens(asked.picture) as lens:
        for answer in lens.sample(options.count, seed=options.seed, temperature=temperature, cancelled=asked.cancelled):
            answers.append(answer)
            yield {"sample": len(answers), **_answer(answer)}, f"{len(answers)}. {_chances(answer)}\n{answer.text}"
    traces = [answer.trace for answer in answers]
    for place, verdicts in (("initial", [one.initial for one in traces]), ("final", [one.verdict for one in traces])):
        counts = tally(verdicts)
        words = f"{counts.anomalous} anomalous, {counts.normal} normal, {counts.unreadable} unreadable"
        yield {"verdicts": place, **asdict(counts), "agreement": counts.agreement}, f"{place}: {words}"
    if asked.truth is None:
        yield {"rewards": None}, "Nobody has annotated this case, so that no rewards can be paid."
        return
    for table in REFLECTION_TABLES:
        for number, one in enumerate(paid(asked.truth, traces, RewardConfig(reflection_table=table)), start=1):
            parts = {**asdict(one.rewards), "type": one.type, "location": one.location, "advantage": one.advantage}
            words = ", ".join(f"{name} {'none' if value is None else f'{value:.2f}'}" for name, value in parts.items())
            yield {"table": table, "sample": number, **parts}, f"table {table}, sample {number}: {words}"


def _occlusion(asked: Asked) -> Told:
    """The change of P(anomalous) when each patch is covered; without a file after the thinking of its own answer."""
    options = asked.options
    text = asked.text() if options.text is not None else asked.text().partition("</think>")[0]
    rows, columns = options.rows, options.columns
    *_, found = occlusion(
        asked.monitor, asked.picture, text=text, rows=rows, columns=columns, cancelled=asked.cancelled
    )
    grid = "\n".join(" ".join("   ?  " if one is None else f"{one:+.3f}" for one in row) for row in found.change)
    data = {"before": found.before, "done": found.done, "change": found.change, "change_of_odds": found.change_of_odds}
    yield data, f"{MEANING}\n{cost(rows, columns)}\nuncovered: {_share(found.before)}\n{grid}"


def _answer(answer: Answer) -> dict[str, Any]:
    told = answer_json(Path(), answer)
    del told["image"]
    return {**told, "seconds": answer.seconds, "tokens": answer.tokens}


def _chances(answer: Answer) -> str:
    return f"P(anomalous) {_share(answer.probability.initial)}, then {_share(answer.probability.final)}"


def _share(chance: float | None) -> str:
    return "  ?  " if chance is None else f"{chance:.3f}"


QUESTIONS: dict[str, Callable[[Asked], Told]] = {
    "probe": _probe,
    "tokens": _tokens,
    "go-on": _go_on,
    "sample": _sample,
    "occlusion": _occlusion,
}
