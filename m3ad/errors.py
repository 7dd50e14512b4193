"""Expected errors, each with a sentence for the person who meets it: what happened, why, and what to do.

M3ADError
├── BadImage          an image that cannot or must not be opened
├── BadTaxonomy       a taxonomy file that contradicts itself
├── BadData           a data set folder or file that cannot be imported
├── ModelUnavailable  a model that cannot be loaded or reached
│   └── MemoryExhausted  one whose device has no memory left for what it was asked
├── NotFound          something asked for by id or name that the store does not have
├── SignInRefused     a name and password, or somebody vouched for, that may not come in
├── Conflict          a change that the present state does not allow
│   ├── StaleRevision an annotation saved on top of an older revision than the latest
│   └── StaleCaption  the same with the texts of an example
├── CaseRefused       a case that gets no caption fit to be learnt from, or no answer at all
├── Halted            captions or an evaluation, ended by a limit or by a person
├── ExportError       examples that cannot be exported to where or as they were asked for
└── RunError          a training run that cannot be created, started or stopped

Anything else that is raised is a bug and is allowed to fail loudly.
"""

from __future__ import annotations


class M3ADError(Exception):
    """An expected error; `str(error)` is fit to be shown to the person."""


class BadImage(M3ADError):
    """An image that cannot or must not be opened."""


class BadTaxonomy(M3ADError):
    """A taxonomy file that contradicts itself or that cannot be read."""


class BadData(M3ADError):
    """A data set folder or file that cannot be imported."""


class ModelUnavailable(M3ADError):
    """A model that cannot be loaded or reached."""


class MemoryExhausted(ModelUnavailable):
    """A model whose device has no memory left for what it was asked; less at once may fit."""


class NotFound(M3ADError):
    """Something asked for by id or name that is not there."""


class Conflict(M3ADError):
    """A change that the present state does not allow."""


class SignInRefused(M3ADError):
    """Somebody who may not come in; `locked` when that is because of too many attempts."""

    def __init__(self, words: str, *, locked: bool = False) -> None:
        self.locked = locked
        super().__init__(words)


class StaleRevision(Conflict):
    """An annotation saved on top of an older revision than the latest; carries both.

    Attributes:
        yours: the `m3ad.records.Verdict` that was refused.
        theirs: the latest `m3ad.records.Annotation` in the store.
    """

    def __init__(self, yours: object, theirs: object) -> None:
        self.yours = yours
        self.theirs = theirs
        who = getattr(theirs, "author", "somebody")
        number = getattr(theirs, "revision", "?")
        super().__init__(
            f"{who} saved revision {number} of this case while you were working on an older one. "
            "Your version is kept as a draft: compare the two and save again."
        )


class StaleCaption(Conflict):
    """The texts of an example, changed on top of an older revision than the latest; nothing was saved.

    Attributes:
        yours: (think, reflection) as they were refused.
        theirs: the latest `db.example_rows.CaptionRevision`.
    """

    def __init__(self, yours: tuple[str, str | None], theirs: object) -> None:
        self.yours = yours
        self.theirs = theirs
        who, state = getattr(theirs, "author", "somebody"), getattr(theirs, "state", "changed")
        super().__init__(
            f"This example was {state} by {who} while you were looking at an older revision. Nothing was saved: "
            "compare your text with the latest one and try again."
        )


class CaseRefused(M3ADError):
    """A case that gets no caption fit to be learnt from, or no answer at all; it is left out, and others go on."""


class Halted(M3ADError):
    """Long work, captions or an evaluation, that a limit or a person ended; it can be taken up again."""


class ImportHalted(M3ADError):
    """An import that a person ended; what was taken in by then stays, and the rest can be taken in later."""


class ExportError(M3ADError):
    """Examples that cannot be exported to where or as they were asked for."""


class RunError(M3ADError):
    """A training run that cannot be created, started or stopped."""
