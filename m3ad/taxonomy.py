"""The three-level taxonomy of defect types: what a text names, and how alike two types are.

Read from `taxonomy.toml` (the paper's 3 classes, 11 groups, 41 types) and from any files of the user's own. It knows
whole expressions only: a text maps to exactly one type through its name or an alias, or to none. It knows no models.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from m3ad.errors import BadTaxonomy

BUILT_IN = Path(__file__).with_name("taxonomy.toml")
SAME_TYPE, SAME_GROUP, SAME_CLASS = 1.0, 0.6, 0.3  # SPEC, "Type similarity": ours, the paper's formula was lost
LONGEST_NAME = 60  # characters; a type's name has to fit a chip on the page and a few tokens of the model

_BRITISH = {
    "colour": "color", "coloured": "colored", "discolour": "discolor", "discoloured": "discolored",
    "discolouration": "discoloration", "fibre": "fiber", "grey": "gray", "centred": "centered", "centre": "center",
}  # fmt: skip
_GENERIC = frozenset({"defect", "anomaly"})  # "scratch defect" is a scratch
_ARTICLES = frozenset({"a", "an", "the"})
_DASHES = re.compile(r"[_\-\u2010-\u2015\u2212\s]+")
_WORD = re.compile(r"[^\W_]+")
_FORBIDDEN = re.compile(r"[;,<>|\x00-\x1f\x7f]")  # signs that the model's format uses between types
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TypeNode:
    """One defect type: level 3 with its way up. `colour` is "#rrggbb"."""

    name: str
    group: str
    classname: str
    definition: str
    aliases: tuple[str, ...]
    colour: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A type named inside prose: characters `start` to `end` (exclusive) of the text."""

    start: int
    end: int
    node: TypeNode


@dataclass(frozen=True)
class Taxonomy:
    """All types, in the order of their files. `groups` maps each group to its class, in the same order."""

    types: tuple[TypeNode, ...]
    groups: dict[str, str]
    _index: dict[str, TypeNode] = field(init=False, repr=False, compare=False)
    _longest: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index = {key: node for node in self.types for key in _keys(node)}
        object.__setattr__(self, "_index", index)
        object.__setattr__(self, "_longest", max((len(key.split()) for key in index), default=0))

    def find(self, text: str) -> TypeNode | None:
        """The one type that `text` names, by name or alias after `normalise`; None for everything else."""
        if len(text) > 4 * LONGEST_NAME:
            return None  # no name is that long, and hostile text can be huge
        words = normalise(text).split()
        for candidate in (words, _without_article(words), _without_generic(_without_article(words))):
            if node := self._index.get(" ".join(candidate)):
                return node
        return None

    def similarity(self, a: str, b: str) -> float:
        """1.0 same type, 0.6 same group, 0.3 same class, else 0.0; a text that names no type always scores 0."""
        one, other = self.find(a), self.find(b)
        if one is None or other is None:
            return 0.0
        if one.name == other.name:
            return SAME_TYPE
        if one.group == other.group:
            return SAME_GROUP
        return SAME_CLASS if one.classname == other.classname else 0.0

    def path(self, name: str) -> tuple[str, str, str] | None:
        """(class, group, type) of the type that `name` names; None when it names none."""
        node = self.find(name)
        return (node.classname, node.group, node.name) if node else None

    def classes(self) -> dict[str, dict[str, tuple[TypeNode, ...]]]:
        """The tree, class -> group -> types, for pickers; a group without types is there with none."""
        tree: dict[str, dict[str, tuple[TypeNode, ...]]] = {}
        for group, classname in self.groups.items():
            tree.setdefault(classname, {})[group] = tuple(node for node in self.types if node.group == group)
        return tree

    def search(self, query: str) -> list[TypeNode]:
        """Types for a picker, best first: name, then alias, then group or class, then definition. Empty query: all."""
        wanted = normalise(query)
        if not wanted:
            return list(self.types)
        ranked = [
            (rank, place, node) for place, node in enumerate(self.types) if (rank := _rank(node, wanted)) is not None
        ]
        return [node for _, _, node in sorted(ranked, key=lambda entry: entry[:2])]

    def mentions(self, text: str) -> Iterator[Mention]:
        """Every type named in prose, left to right, the longest name at each place, never overlapping."""
        words = [(match.start(), match.end(), normalise(match.group())) for match in _WORD.finditer(text)]
        place = 0
        while place < len(words):
            count, node = self._longest_at(text, words, place)
            if node:
                yield Mention(words[place][0], words[place + count - 1][1], node)
            place += count

    def _longest_at(self, text: str, words: Sequence[tuple[int, int, str]], place: int) -> tuple[int, TypeNode | None]:
        """How many words the longest name starting at word `place` has, and its type; (1, None) when there is none."""
        reach = 1
        while reach < self._longest and place + reach < len(words):
            between = text[words[place + reach - 1][1] : words[place + reach][0]]
            if not _DASHES.fullmatch(between):
                break
            reach += 1
        for count in range(reach, 0, -1):
            if node := self._index.get(" ".join(word for _, _, word in words[place : place + count])):
                return count, node
        return 1, None


def normalise(text: str) -> str:
    """One spelling for the many of one expression: case, width, hyphens, plural, British spelling, outer punctuation.

    "Bent-Pins" and "bent_pin" give "bent pin". It is the same for names, aliases and what a model wrote.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = _DASHES.sub(" ", plain).strip(" .,:;!?\"'`*()[]{}").split()
    return " ".join(_BRITISH.get(singular, singular) for singular in map(_singular, words))


def _singular(word: str) -> str:
    """The word without a regular English plural ending; meant for comparing, not for showing."""
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    return word[:-1]


def _without_article(words: list[str]) -> list[str]:
    return words[1:] if len(words) > 1 and words[0] in _ARTICLES else words


def _without_generic(words: list[str]) -> list[str]:
    return words[:-1] if len(words) > 1 and words[-1] in _GENERIC else words


def _keys(node: TypeNode) -> Iterator[str]:
    yield normalise(node.name)
    yield from (normalise(alias) for alias in node.aliases)


def _rank(node: TypeNode, wanted: str) -> int | None:
    """How well a type answers a search, 0 best; None when it does not. Unlike `find`, a search looks at parts."""
    name, *aliases = _keys(node)
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    if wanted in name:
        return 2
    if any(wanted in alias for alias in aliases):
        return 3
    if wanted in normalise(f"{node.group} {node.classname}"):
        return 4
    return 5 if wanted in normalise(node.definition) else None


@lru_cache(maxsize=1)
def default_taxonomy() -> Taxonomy:
    """The built-in taxonomy, read once."""
    return load_taxonomy()


def load_taxonomy(*extra: Path) -> Taxonomy:
    """The built-in taxonomy, extended by the given files in their order.

    Raises:
        BadTaxonomy: a file cannot be read, or contradicts itself or the files before it.
    """
    groups: dict[str, str] = {}
    types: dict[str, TypeNode] = {}
    classes: set[str] = set()
    for path in (BUILT_IN, *extra):
        data = _read_toml(path)
        classes.update(_text(entry, "name", path) for entry in _tables(data, "class", path) if path == BUILT_IN)
        for entry in _tables(data, "group", path):
            _add_group(groups, classes, entry, path)
        for entry in _tables(data, "type", path):
            _add_type(types, groups, entry, path)
        _refuse_clashes(types, groups, classes, path)
    return Taxonomy(tuple(types.values()), groups)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadTaxonomy(f"The taxonomy file {path.name} cannot be opened: {error.strerror}. Check it.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadTaxonomy(f"{path.name} is not a TOML file: {error}. Correct that place and load it again.") from error
    unknown = set(data) - {"class", "group", "type"}
    if unknown:
        raise BadTaxonomy(f"{path.name} has {min(unknown)!r}; only [[group]] and [[type]] are known. Remove it.")
    if "class" in data and path != BUILT_IN:
        raise BadTaxonomy(f"{path.name} adds a class; the three classes are fixed. Put the types under one of them.")
    return data


def _tables(data: dict[str, Any], kind: str, path: Path) -> list[dict[str, Any]]:
    entries = data.get(kind, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadTaxonomy(f"{path.name}: {kind!r} must be written as [[{kind}]] tables. Use double brackets.")
    return entries


def _text(entry: dict[str, Any], key: str, path: Path) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        who = entry.get("name", "an entry")
        raise BadTaxonomy(f'{path.name}: {who!r} has no {key}. Add {key} = "..." to it.')
    return value.strip()


def _known_keys(entry: dict[str, Any], allowed: set[str], path: Path) -> None:
    for key in entry:
        if key not in allowed:
            raise BadTaxonomy(
                f"{path.name}: {entry.get('name', 'an entry')!r} has {key!r}, which nothing reads. "
                f"Use one of {', '.join(sorted(allowed))}."
            )


def _add_group(groups: dict[str, str], classes: set[str], entry: dict[str, Any], path: Path) -> None:
    _known_keys(entry, {"name", "class"}, path)
    name, classname = _text(entry, "name", path), _text(entry, "class", path)
    if classname not in classes:
        raise BadTaxonomy(
            f"{path.name}: group {name!r} belongs to class {classname!r}, which does not exist. "
            f"Use one of {', '.join(sorted(classes))}."
        )
    if groups.get(name, classname) != classname:
        raise BadTaxonomy(f"{path.name}: group {name!r} already belongs to {groups[name]!r}. Choose another name.")
    groups[name] = classname


def _add_type(types: dict[str, TypeNode], groups: dict[str, str], entry: dict[str, Any], path: Path) -> None:
    _known_keys(entry, {"name", "group", "definition", "aliases", "colour"}, path)
    name = _text(entry, "name", path)
    known = types.get(name)
    aliases = _aliases(entry, name, path)
    if known:
        if {"group", "definition"} & entry.keys():
            raise BadTaxonomy(
                f"{path.name}: type {name!r} is already there; its group and definition are fixed so that results stay "
                "comparable. Leave both out to add aliases or a colour, or choose a new name."
            )
        colour = _colour(entry, name, path) if "colour" in entry else known.colour
        types[name] = replace(known, aliases=known.aliases + aliases, colour=colour)
        return
    group = _text(entry, "group", path)
    if group not in groups:
        raise BadTaxonomy(
            f"{path.name}: type {name!r} belongs to group {group!r}, which does not exist. "
            f"Use one of {', '.join(groups)}, or add the group first."
        )
    _refuse_unwritable(name, path)
    types[name] = TypeNode(
        name, group, groups[group], _text(entry, "definition", path), aliases, _colour(entry, name, path)
    )


def _aliases(entry: dict[str, Any], name: str, path: Path) -> tuple[str, ...]:
    aliases = entry.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        raise BadTaxonomy(f'{path.name}: the aliases of {name!r} must be a list of texts, such as ["a", "b"].')
    for alias in aliases:
        _refuse_unwritable(alias, path)
    return tuple(aliases)


def _colour(entry: dict[str, Any], name: str, path: Path) -> str:
    colour = entry.get("colour")
    if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
        raise BadTaxonomy(f'{path.name}: the colour of {name!r} must look like "#aa3300", but is {colour!r}.')
    return colour.lower()


def _refuse_unwritable(name: str, path: Path) -> None:
    """A name that the model's output format could not carry, or that no text could ever match."""
    if _FORBIDDEN.search(name) or len(name) > LONGEST_NAME or not _WORD.search(normalise(name)):
        raise BadTaxonomy(
            f"{path.name}: {name[:LONGEST_NAME]!r} cannot name a type. Use words of at most {LONGEST_NAME} "
            "characters without , ; < > | and line breaks: these separate types in the model's answer."
        )


def _refuse_clashes(types: dict[str, TypeNode], groups: dict[str, str], classes: set[str], path: Path) -> None:
    """Each expression may be written once: two types sharing it would make a text mean two things."""
    owner: dict[str, str] = {normalise(name): f"the group or class {name!r}" for name in (*groups, *classes)}
    for node in types.values():
        for key in _keys(node):
            if key in owner:
                raise BadTaxonomy(
                    f"{path.name}: {key!r} of type {node.name!r} already means {owner[key]}. "
                    "Remove one of the two: a text must map to exactly one type."
                )
            owner[key] = f"the type {node.name!r}"
