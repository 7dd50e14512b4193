"""Two letters for each defect type, so that hands find every type in the picker: two letters and Enter.

They are letters of its own name, the first of them first; the picker shows them and ranks them before all else.
"""

from __future__ import annotations

from collections.abc import Iterator

from m3ad.taxonomy import Taxonomy, normalise


def short_keys(taxonomy: Taxonomy) -> dict[str, str]:
    """Type name -> two letters, no two the same. A type whose letters are all taken has none and is found by its name.

    The first two letters of a name always go to the first type that begins so: the search finds that type anyway.
    """
    names = {node.name: normalise(node.name) for node in taxonomy.types}
    beginnings: dict[str, str] = {}
    for name, plain in names.items():
        beginnings.setdefault(plain[:2], name)
    found = {name: letters for letters, name in beginnings.items() if letters.isalpha() and len(letters) == 2}
    taken = set(beginnings)
    for name, plain in names.items():
        if name in found:
            continue
        if letters := next((pair for pair in _pairs(plain) if pair not in taken), None):
            found[name] = letters
            taken.add(letters)
    return found


def _pairs(plain: str) -> Iterator[str]:
    """The first letter with the beginnings of the other words, then with every other letter, in order."""
    words = plain.split()
    for letter in [word[0] for word in words[1:]] + list(plain[1:]):
        if plain[0].isalpha() and letter.isalpha():
            yield plain[0] + letter
