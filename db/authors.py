"""Who an annotation is by: the data set it came with, an import from another program, or a person."""

from __future__ import annotations

SOURCE_AUTHOR = "data set"  # the author of annotations that came with the pictures
IMPORTED_AUTHOR = "imported from "  # how the authors of annotations begin that came from another program
PERSON = "person"


def source_of(author: str) -> str:
    """ "data set", "imported" or "person"."""
    if author == SOURCE_AUTHOR:
        return SOURCE_AUTHOR
    return "imported" if author.startswith(IMPORTED_AUTHOR) else PERSON
