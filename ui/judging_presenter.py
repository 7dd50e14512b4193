"""What the Judge view shows of a trial and of promotions, as plain values. Knows no Gradio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from db.promotions import Promotion, RulesInForce
from db.store import Store
from db.trials import Trial
from m3ad.bench.comparison import Both, Comparison, Turn, turns
from m3ad.bench.records import EvaluationState, Part
from m3ad.bench.rules import Check, Rules
from m3ad.bench.tables import percent, score
from m3ad.errors import Conflict
from m3ad.metrics.effect import Aspect, is_right
from m3ad.metrics.figures import LOCATION_F1, TYPE_F1, PairedFigure
from m3ad.records import Case, Verdict
from training.judging import Paired, paired
from training.promotion import blocked_words, check
from ui.judging import TrialRound
from ui.pictures import picture_url

THUMBNAIL = 96  # pixels of the longer side
MOST = 200  # cases of a turn that a page is sent; the count is of all
COLUMNS = [("", "23%"), ("parent", "25%"), ("this model", "25%"), ("difference", "27%")]
FIGURES = (
    ("balanced_accuracy", "Balanced accuracy, %"),
    ("escape", "Escape rate, %"),
    ("overkill", "Overkill rate, %"),
    ("readable", "Readable, %"),
    (TYPE_F1, "Type F1"),
    (LOCATION_F1, "Location F1"),
)
PART_WORDS = {
    Part.FROZEN: ("Frozen cases", "kept back from training: what it makes of parts that it never saw"),
    Part.CORRECTED: ("Corrected cases", "trained on: whether the lesson was learnt, not how good it is"),
}
STATE_WORDS = {
    EvaluationState.OPEN: ("cut off", "odd"),
    EvaluationState.FINISHED: ("judged", "good"),
    EvaluationState.CANCELLED: ("cancelled", "odd"),
    EvaluationState.FAILED: ("failed", "bad"),
}


@dataclass(frozen=True)
class JudgeView:
    """One model's trial as the page shows it.

    Attributes:
        status: for `form_parts.status`; figures, checks, history: rows of tables; cases: for `judged_cases.js`.
        may_promote: False while it is not judged to the end, while a rule blocks it, and when it is in use.
        in_use: whether it is the model in use.
    """

    status: dict[str, Any]
    figures: list[list[Any]]
    checks: list[list[Any]]
    cases: dict[str, Any]
    history: list[list[Any]]
    may_promote: bool
    in_use: bool
    running: bool


def models(store: Store) -> list[tuple[str, str]]:
    """(title, name) of every model that came of a run, newest first."""
    in_use = store.promotions.in_use()
    names = [one.name for one in reversed(store.models()) if one.run]
    return [(f"{name} · in use" if name == in_use else name, name) for name in names]


def look(store: Store, model: str | None, round_: TrialRound | None, aspect: Aspect = Aspect.PRESENCE) -> JudgeView:
    """Everything about one model's trial. Raises NotFound."""
    in_use, steps = store.promotions.in_use(), store.promotions.history()
    trial = store.trials.get(model) if model else None
    found = paired(store, trial) if trial else {}
    rules = store.promotions.rules()
    checked = check(rules, found) if trial else []
    finished = trial is not None and trial.state is EvaluationState.FINISHED
    return JudgeView(
        status_value(model, trial, round_),
        figure_rows(found),
        check_rows(checked) if finished else [[sentence, "not judged yet"] for sentence in rules.rules.sentences()],
        cases_value(found, aspect, finished=finished),
        history_rows(steps, in_use),
        finished and model != in_use and not blocked_words(checked),
        model is not None and model == in_use,
        round_ is not None and round_.running,
    )


def look_at_progress(store: Store, model: str | None, round_: TrialRound | None) -> dict[str, Any]:
    """Where the trial stands, and nothing else: it is asked for every second while it is under way."""
    return status_value(model, store.trials.get(model) if model else None, round_)


def status_value(model: str | None, trial: Trial | None, round_: TrialRound | None) -> dict[str, Any]:
    """Where the trial stands, for `ui.components.form_parts.status`."""
    if model is None:
        return _status("No model yet", "", "quiet", "A run that has finished brings one.")
    if round_ is not None and round_.running:
        return _running(round_)
    if trial is None:
        message = "Judge it: its parent and it answer the frozen and the corrected cases of its snapshot."
        return _status(model, "not judged", "quiet", message)
    words, tone = STATE_WORDS[trial.state]
    message = trial.problem or (round_.error if round_ else "")
    if trial.state is EvaluationState.OPEN:
        message = message or "Judge it again: what was answered is kept."
    return _status(f"{trial.model} beside {trial.parent}", words, tone, message, 1.0 if tone == "good" else None)


def _running(round_: TrialRound) -> dict[str, Any]:
    now = round_.progress
    done = now.answered + now.refused if now else 0
    words = f"{done} of {now.total} answered" if now else "loading the model"
    share = (max(0, round_.step - 1) + (done / now.total if now and now.total else 0)) / max(1, round_.steps)
    message = f"{round_.model}: {round_.set_name}" if round_.set_name else ""
    return _status(round_.judged, f"part {round_.step} of {round_.steps} · {words}", "busy", message, share)


def _status(title: str, words: str, tone: str, message: str = "", share: float | None = None) -> dict[str, Any]:
    return {"title": title, "words": words, "tone": tone, "share": share, "message": message}


def figure_rows(found: Mapping[Part, Paired]) -> list[list[Any]]:
    """Rows for COLUMNS: each part under its own heading, then who was right of what, then what has to be known."""
    rows: list[list[Any]] = []
    for part, one in found.items():
        name, means = PART_WORDS[part]
        counts = f"{one.comparison.count} cases, {one.comparison.anomalous} with a defect"
        rows.append([[name, means], [counts, one.set.name], "", ""])
        rows += [[words, *figure_cells(name, one.comparison.figures[name])] for name, words in FIGURES]
        rows.append(["Alone right", *_alone(one.comparison)])
        rows += [[["Note", remark], "", "", ""] for remark in one.remarks]
    return rows


def figure_cells(name: str, figure: PairedFigure) -> list[str]:
    """Before, after and difference, each with its interval."""
    write = score if name in (TYPE_F1, LOCATION_F1) else percent
    return [write(figure.before).shown(), write(figure.after).shown(), _signed(write(figure.difference).shown())]


def _signed(text: str) -> str:
    return text if text.startswith(("-", "–")) else f"+{text}"


def _alone(one: Comparison) -> list[str]:
    presence = one.presence
    p = "p < 0.001" if presence.p < 0.001 else f"p = {presence.p:.3f}"
    return [str(presence.lost), str(presence.gained), f"exact McNemar {p}"]


def check_rows(checked: list[Check]) -> list[list[Any]]:
    """[what the rule says, and what was measured; passed or not, and what to do] of each rule."""
    return [[one.words, ["passed", ""] if one.passed else ["blocks", one.advice]] for one in checked]


def cases_value(found: Mapping[Part, Paired], aspect: Aspect, *, finished: bool = True) -> dict[str, Any]:
    """The cases by what became of them, those that were broken first; see `static/judged_cases.js`."""
    groups = []
    for turn in Turn:
        rows: list[dict[str, Any]] = []
        count = 0
        for part, one in found.items():
            ids = turns(one.both, aspect)[turn]
            count += len(ids)
            if turn is not Turn.STILL_RIGHT:
                by_id = {each.case_id: each for each in one.both}
                rows += [_case_row(by_id[each], one.cases[each], part, aspect) for each in ids[:MOST]]
        groups.append({"turn": turn.value, "count": count, "rows": rows[:MOST]})
    empty = "" if found else "Nothing to compare yet." if not finished else "No case was answered by both."
    return {"groups": groups, "empty": empty}


def _case_row(one: Both, case: Case, part: Part, aspect: Aspect) -> dict[str, Any]:
    return {
        "id": case.id,
        "name": case.name,
        "thumbnail": picture_url(case.primary.id, THUMBNAIL),
        "part": part.value,
        "truth": verdict_words(one.truth),
        "before": verdict_words(one.before.verdict),
        "after": verdict_words(one.after.verdict),
        "right": [is_right(aspect, one.truth, said) for said in (one.before.verdict, one.after.verdict)],
    }


def verdict_words(verdict: Verdict | None) -> str:
    """ "scratch, dent (2)", "normal", "anomalous" (no type said) or "unreadable"."""
    if verdict is None:
        return "unreadable"
    if not verdict.anomalous:
        return "normal"
    counts: dict[str, int] = {}
    for defect in verdict.defects:
        counts[defect.type] = counts.get(defect.type, 0) + 1
    return ", ".join(name if n == 1 else f"{name} ({n})" for name, n in counts.items()) or "anomalous"


def history_rows(steps: list[Promotion], in_use: str | None) -> list[list[Any]]:
    """[when and who, model and reason] of each step, newest first, under the one that says what is in use."""
    first = [["in use now", [in_use or "no promoted model", "new sessions begin with it" if in_use else ""]]]
    return first + [
        [[f"{one.step.value}", f"{one.created:%Y-%m-%d %H:%M} UTC, {one.author}"], [one.model, one.reason]]
        for one in steps
    ]


def rule_texts(rules: Rules) -> list[str]:
    """The limits as people write them, in the order of the fields; empty: no such rule."""
    return [_text(name, limit) for name, limit in rules.to_json().items()]


def _text(name: str, limit: float | None) -> str:
    if limit is None:
        return ""
    return f"{limit:g}" if name == "cases" else f"{100 * limit:g} %"


def rules_from(texts: list[str]) -> Rules:
    """The inverse of `rule_texts`. Raises Conflict for what is no limit."""
    names = list(Rules().to_json())
    return Rules(**{name: _limit(name, text) for name, text in zip(names, texts, strict=True)})


def _limit(name: str, text: str) -> float | None:
    plain = text.strip().removesuffix("%").strip().replace(",", ".")
    if not plain:
        return None
    try:
        value = float(plain)
    except ValueError as error:
        raise Conflict(f"{text.strip()!r} is no limit. Write a number such as 5 %, or nothing for no rule.") from error
    return value if name == "cases" else value / 100


def rules_words(rules: RulesInForce) -> str:
    """Who set the rules."""
    if rules.created is None:
        return "Defaults: nobody has changed them."
    return f"Set by {rules.author}, {rules.created:%Y-%m-%d %H:%M} UTC."
