"""P(anomalous) from the log-probabilities that a server sends along with its tokens. Plain numbers in, numbers out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from m3ad.records import Probability

# When only one of the two branches is among the alternatives sent, the other is less likely than the last of these; it
# counts as 0 if that is below this, else nothing is said. [U]
NEGLIGIBLE = 0.01
# As for local models: below this share the model does not write the format here. [U]
OWN_FORM = 0.5
TYPE, ANSWER, REFLECTION = "<type>", "<answer>", "<reflection>"


@dataclass(frozen=True, slots=True)
class Token:
    """One written token: its text and the alternatives at its place, text and probability (it is one of them)."""

    text: str
    alternatives: tuple[tuple[str, float], ...]

    @property
    def unseen(self) -> float:
        """Upper bound of the probability of any token that is not among the alternatives."""
        listed = [chance for _, chance in self.alternatives]
        return max(0.0, min([1.0 - sum(listed), *listed]))

    @classmethod
    def from_logprobs(cls, text: str, alternatives: Sequence[tuple[str, float]]) -> Token:
        """From natural logarithms, as servers send them."""
        return cls(text, tuple((piece, math.exp(min(0.0, value))) for piece, value in alternatives))

    @classmethod
    def given(cls, text: str) -> Token:
        """Text that the model did not write: certain up to a place of decision at its end, and no decision itself."""
        return cls(text, ((text, 1.0),) if text.endswith(("</think>", "</reflection>")) else ())


def probability(tokens: Sequence[Token]) -> Probability:
    """P(anomalous) after `</think>` and after `</reflection>`; without a reflection the final is the initial one."""
    text = "".join(token.text for token in tokens)
    initial = _decision(tokens, "</think>")
    reflected = REFLECTION in text
    return Probability(initial, _decision(tokens, "</reflection>") if reflected else initial)


def _decision(tokens: Sequence[Token], tag: str) -> float | None:
    """P(`<type>`) against `<answer>` at the first words after the first `tag`; None where it cannot be read.

    A tag may be one token or several, and the closing tag's last token may hold the next tag's "<" too. So every
    alternative is judged by the text it would lead to, and the walk goes on while the written text fits several tags.
    """
    shares = dict.fromkeys((TYPE, ANSWER, REFLECTION), 0.0)
    path, unseen = 1.0, 0.0
    for before, token in _walk(tokens, tag):
        for piece, chance in token.alternatives:
            fits = _fits(before + piece, tag)
            if len(fits) == 1:
                shares[fits[0]] += path * chance
        unseen = max(unseen, path * token.unseen)
        if len(_fits(before + token.text, tag)) < 2:
            break
        path *= next((chance for piece, chance in token.alternatives if piece == token.text), 0.0)
    decided = shares[TYPE] + shares[ANSWER]
    if sum(shares.values()) < OWN_FORM or decided <= 0:
        return None
    if min(shares[TYPE], shares[ANSWER]) == 0 and unseen > NEGLIGIBLE * decided:
        return None
    return shares[TYPE] / decided


def _walk(tokens: Sequence[Token], tag: str) -> Iterator[tuple[str, Token]]:
    """(text before, token) from the token that completes the tag on."""
    before = ""
    for token in tokens:
        if tag in before + token.text:
            yield before, token
        before += token.text


def _fits(text: str, tag: str) -> tuple[str, ...]:
    """The branches that a text, right after the first `tag`, may still become or already is; none without the tag."""
    _, closed, rest = text.partition(tag)
    if not closed:
        return ()
    rest = rest.lstrip()
    return tuple(b for b in (TYPE, ANSWER, REFLECTION) if b.startswith(rest) or rest.startswith(b))
