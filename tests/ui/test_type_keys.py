"""Two letters for each type: for all of them, no two the same, and in step with what the search finds anyway."""

from __future__ import annotations

from dataclasses import replace

from m3ad.taxonomy import default_taxonomy
from ui.type_keys import short_keys


def test_every_type_has_letters_of_its_own_from_its_name() -> None:
    taxonomy = default_taxonomy()
    short = short_keys(taxonomy)
    assert set(short) == {node.name for node in taxonomy.types}
    assert len(set(short.values())) == len(short)
    for name, letters in short.items():
        assert len(letters) == 2
        assert letters[0] == name[0]
        assert letters[1] in name[1:]


def test_letters_that_begin_a_name_belong_to_the_type_that_the_search_finds_first() -> None:
    taxonomy = default_taxonomy()
    owners = {letters: name for name, letters in short_keys(taxonomy).items()}
    for node in taxonomy.types:
        beginning = node.name[:2]
        assert owners[beginning] == taxonomy.search(beginning)[0].name


def test_a_type_without_free_letters_has_none() -> None:
    taxonomy = default_taxonomy()
    names = ("ab", "aba", "abb", "2 holes", "日本")
    nodes = tuple(replace(taxonomy.types[0], name=name, aliases=()) for name in names)
    short = short_keys(replace(taxonomy, types=nodes))
    assert short == {"ab": "ab", "aba": "aa", "日本": "日本"}
