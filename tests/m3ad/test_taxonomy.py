"""A text names exactly one type or none, and a user's own file can add to the taxonomy without contradicting it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ad.errors import BadTaxonomy
from m3ad.taxonomy import BUILT_IN, Taxonomy, default_taxonomy, load_taxonomy, normalise

TAXONOMY = default_taxonomy()
NAMES = [node.name for node in TAXONOMY.types]


def test_the_paper_s_tables_are_complete() -> None:
    tree = TAXONOMY.classes()
    assert list(tree) == ["Surface Anomaly", "Structural Anomaly", "Logical Anomaly"]
    assert {name: len(groups) for name, groups in tree.items()} == {
        "Surface Anomaly": 4, "Structural Anomaly": 3, "Logical Anomaly": 4
    }  # fmt: skip
    assert [len(types) for groups in tree.values() for types in groups.values()] == [3, 8, 4, 5, 3, 7, 2, 2, 2, 3, 2]
    assert len(TAXONOMY.types) == 41


@pytest.mark.parametrize("node", TAXONOMY.types, ids=NAMES)
def test_every_type_has_a_definition_and_is_found_by_its_name_and_aliases(node) -> None:
    assert node.definition.endswith(".")
    assert len(node.definition) > 30
    assert [TAXONOMY.find(name) for name in (node.name, *node.aliases)] == [node] * (1 + len(node.aliases))
    assert TAXONOMY.path(node.name) == (node.classname, node.group, node.name)


def test_every_type_has_a_colour_of_its_own() -> None:
    colours = [node.colour for node in TAXONOMY.types]
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in colours)
    assert len(set(colours)) == 41


def test_no_expression_means_two_types() -> None:
    keys = [normalise(name) for node in TAXONOMY.types for name in (node.name, *node.aliases)]
    assert len(keys) == len(set(keys))


FOUND = [
    ("scratch", "scratch"),  # a name
    ("Scratch", "scratch"),  # capital
    ("SCRATCHES", "scratch"),  # plural in -es
    ("dents", "dent"),  # plural in -s
    ("irregularities", "irregularity"),  # plural in -ies
    ("anomaly_type", None),  # a key, not a type
    ("stain", "contamination"),  # alias
    ("stains", "contamination"),  # alias, plural
    ("bent pin", "bent"),  # alias
    ("Bent-Pins", "bent"),  # alias, hyphen and plural
    ("bent_lead", "bent"),  # alias, underscore
    ("missing", "component missing"),  # alias of one word
    ("missing components", "component missing"),  # words the other way round
    ("misalignment", "component misalignment"),  # alias
    ("colour error", "color error"),  # British
    ("discolouration", "color error"),  # British alias
    ("size error", "size errors"),  # singular of a name printed in the plural
    ("quantity_error", "quantity errors"),  # singular and underscore
    ("a scratch", "scratch"),  # article
    ("The Scratch.", "scratch"),  # article and stop
    ("scratch defect", "scratch"),  # "defect" behind it
    ("a bent anomaly", "bent"),  # the paper's figure
    (' "scratch" ', "scratch"),  # quotes and blanks
    ("\uff53\uff43\uff52\uff41\uff54\uff43\uff48", "scratch"),  # full width
    ("foreign  object\nintrusion", "foreign object intrusion"),  # blanks inside
    ("rust", "rusty"),  # noun of an adjective
    ("", None),  # nothing
    ("s", None),  # a letter of many names
    ("scr", None),  # beginning of a name
    ("scratchy", None),  # longer than a name
    ("scratch on the rim", None),  # a name and more
    ("scratch, dent", None),  # two types
    ("debris contamination indentation pitting dent tear scratch", None),  # seven types are none
    ("; ".join(NAMES), None),  # all types are none
    ("Damage", None),  # a group
    ("Surface Anomaly", None),  # a class
    ("anomaly", None),  # everything
    ("defect", None),  # everything
    ("color", None),  # what every part has
    ("the", None),  # an article alone
    ("scratch" * 100, None),  # long
    ("\x00", None),  # control sign
]


@pytest.mark.parametrize(("text", "name"), FOUND)
def test_a_text_names_one_type_or_none(text: str, name: str | None) -> None:
    node = TAXONOMY.find(text)
    assert (node.name if node else None) == name


SIMILAR = [
    ("scratch", "scratch", 1.0),  # same
    ("scratches", "scratch mark", 1.0),  # same by alias
    ("scratch", "scuff", 0.6),  # same group
    ("scratch", "stain", 0.3),  # same class
    ("scratch", "bent", 0.0),  # another class
    ("bent", "component missing", 0.0),  # another class
    ("s", "scratch", 0.0),  # unknown
    ("warble", "warble", 0.0),  # unknown on both sides
    ("", "", 0.0),  # nothing
    ("Deformation", "bent", 0.0),  # a group is no type
]


@pytest.mark.parametrize(("one", "other", "score"), SIMILAR)
def test_similarity_follows_the_three_levels(one: str, other: str, score: float) -> None:
    assert TAXONOMY.similarity(one, other) == TAXONOMY.similarity(other, one) == score


@given(st.text(max_size=100), st.sampled_from(NAMES))
def test_no_text_that_names_no_type_ever_scores(text: str, name: str) -> None:
    named = TAXONOMY.find(text)
    assert (TAXONOMY.similarity(text, name) > 0) == (named is not None and named.classname == TAXONOMY.path(name)[0])


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once or len(normalise(once)) < len(once)


def test_prose_is_searched_for_the_longest_names() -> None:
    text = "A bent pin, two scratches and oxidation-corrosion; the hole-free, unbent rest is fine."
    assert [(text[m.start : m.end], m.node.name) for m in TAXONOMY.mentions(text)] == [
        ("bent pin", "bent"), ("scratches", "scratch"), ("oxidation-corrosion", "oxidation corrosion"), ("hole", "hole")
    ]  # fmt: skip


@given(st.text(max_size=200))
def test_mentions_lie_in_order_inside_the_text(text: str) -> None:
    ends = [0]
    for mention in TAXONOMY.mentions(text):
        assert ends[-1] <= mention.start < mention.end <= len(text)
        ends.append(mention.end)


def test_a_picker_finds_names_before_aliases_before_groups_before_definitions() -> None:
    names = [node.name for node in TAXONOMY.search("scratch")]
    assert names[0] == "scratch"
    assert [node.name for node in TAXONOMY.search("crack")] == ["crack", "fracture"]
    assert {"bent", "warping", "distortion"} <= {node.name for node in TAXONOMY.search("deformation")}
    assert TAXONOMY.search("missing")[0].name == "component missing"
    assert [node.name for node in TAXONOMY.search("completeness")] == ["component missing", "quantity errors"]
    assert TAXONOMY.search("stain")[0].name == "contamination"
    assert TAXONOMY.search(" ") == list(TAXONOMY.types)
    assert TAXONOMY.search("xyzzy") == []


def _with(tmp_path: Path, text: str) -> Taxonomy:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return load_taxonomy(path)


def test_an_own_file_adds_types_groups_aliases_and_colours(tmp_path: Path) -> None:
    taxonomy = _with(
        tmp_path,
        """
[[group]]
name = "Print Errors"
class = "Logical Anomaly"
[[type]]
name = "wrong print"
group = "Print Errors"
definition = "The print differs from the drawing."
aliases = ["faulty imprint"]
colour = "#112233"
[[type]]
name = "scratch"
aliases = ["Kratzer"]
colour = "#ABCDEF"
""",
    )
    assert taxonomy.path("faulty_imprint") == ("Logical Anomaly", "Print Errors", "wrong print")
    assert taxonomy.find("Kratzer").name == "scratch"
    assert taxonomy.find("scratch mark").colour == "#abcdef"
    assert len(taxonomy.types) == 42
    assert taxonomy.similarity("wrong print", "color error") == 0.3
    assert default_taxonomy().find("Kratzer") is None


def test_a_second_file_builds_on_the_first(tmp_path: Path) -> None:
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text('[[group]]\nname = "G"\nclass = "Surface Anomaly"\n', encoding="utf-8")
    second.write_text('[[type]]\nname = "new"\ngroup = "G"\ndefinition = "D."\ncolour = "#000000"\n', encoding="utf-8")
    assert load_taxonomy(first, second).path("new") == ("Surface Anomaly", "G", "new")
    with pytest.raises(BadTaxonomy, match="does not exist"):
        load_taxonomy(second)


GOOD_TYPE = 'group = "Damage"\ndefinition = "D."\ncolour = "#000000"\n'
REFUSED = [
    ("[[type", "not a TOML file"),  # broken
    ('[[kind]]\nname = "x"', "only \\[\\[group\\]\\] and \\[\\[type\\]\\]"),  # unknown entry
    ('[[class]]\nname = "x"', "three classes are fixed"),  # a class
    ('[type]\nname = "x"', "double brackets"),  # single brackets
    ('[[group]]\nname = "x"\nclass = "y"', "does not exist"),  # unknown class
    ('[[group]]\nname = "Damage"\nclass = "Logical Anomaly"', "already belongs"),  # a group moved
    ('[[group]]\nname = "Scratch"\nclass = "Logical Anomaly"', "already means"),  # a group named like a type
    ("[[type]]\n" + GOOD_TYPE, "has no name"),  # no name
    ('[[type]]\nname = "x"\ngroup = "No"\ndefinition = "D."\ncolour = "#000000"', "does not exist"),  # unknown group
    ('[[type]]\nname = "x"\ngroup = "Damage"\ncolour = "#000000"', "has no definition"),  # no definition
    ('[[type]]\nname = "x"\ngroup = "Damage"\ndefinition = "D."', "must look like"),  # no colour
    ('[[type]]\nname = "scratch"\ncolour = "red"', "must look like"),  # colour by name
    ('[[type]]\nname = "scratch"\ndefinition = "D."', "already there"),  # definition changed
    ('[[type]]\nname = "scratch"\ngroup = "Damage"', "already there"),  # group changed
    ('[[type]]\nname = "x"\ncolor = "#000000"\n' + GOOD_TYPE, "nothing reads"),  # a key misspelt
    ('[[type]]\nname = "Stain"\n' + GOOD_TYPE, "already means"),  # name is an alias of another type
    ('[[type]]\nname = "x"\naliases = ["stains"]\n' + GOOD_TYPE, "already means"),  # alias of another type
    ('[[type]]\nname = "x"\naliases = ["y", "Y"]\n' + GOOD_TYPE, "already means"),  # alias twice
    ('[[type]]\nname = "x"\naliases = ["damage"]\n' + GOOD_TYPE, "already means"),  # alias is a group
    ('[[type]]\nname = "x"\naliases = "y"\n' + GOOD_TYPE, "list of texts"),  # aliases no list
    ('[[type]]\nname = "x; y"\n' + GOOD_TYPE, "cannot name a type"),  # separator
    ('[[type]]\nname = "<b>"\n' + GOOD_TYPE, "cannot name a type"),  # markup
    ('[[type]]\nname = "..."\n' + GOOD_TYPE, "cannot name a type"),  # no word
    (f'[[type]]\nname = "{"x" * 61}"\n' + GOOD_TYPE, "cannot name a type"),  # too long
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_a_file_that_contradicts_itself_is_refused_with_the_reason(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadTaxonomy, match=why) as caught:
        _with(tmp_path, text)
    assert "own.toml" in str(caught.value)


def test_a_missing_or_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTaxonomy, match="cannot be opened"):
        load_taxonomy(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadTaxonomy, match="not a TOML file"):
        load_taxonomy(tmp_path / "bytes.toml")


def test_the_built_in_file_may_be_given_once_more_only_with_an_error() -> None:
    with pytest.raises(BadTaxonomy):
        load_taxonomy(BUILT_IN)
