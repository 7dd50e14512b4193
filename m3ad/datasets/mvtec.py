"""The layout of MVTec AD, which many others use: normal and defect folders, and a mask for each defective picture.

    <category>/{train,validation,test}/good/NNN.png     <category>/test/<defect>/NNN.png
    <category>/ground_truth/<defect>/NNN_mask.png (or NNN.png, or .bmp)

The categories may lie in groups (MANTA: `<domain>/<category>`). The boxes of a mask are all of the type that the
folder's name means. Of a licence file the first line is the licence.

Where a WAV file lies beside a picture of its name, its spectrogram is a further picture of that case; alone it is a
case of its own, whose defect has no place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.masks import boxes, first_file
from m3ad.datasets.source import Source, attempt, stated_licence
from m3ad.errors import BadData
from m3ad.images import EXTENSIONS
from m3ad.records import NORMAL, Defect, NewCase, Verdict
from m3ad.wav import is_sound

SPLITS = ("train", "validation", "test")
NORMAL_FOLDERS = ("good", "ok")
CLUTTER = ("thumbs.db", "desktop.ini")

# What the source says of a picture in a defect's folder: (source, category folder, name of the folder, picture). Raises
# BadData and BadImage with the reason where that cannot be known.
Truth = Callable[[Source, Path, str, Path], Verdict]


def by_folder(source: Source, category: Path, kind: str, file: Path) -> Verdict:
    """Every component of the picture's mask is a defect of the type that the folder's name means."""
    type_ = source.type_of(kind, category.name)
    if is_sound(file):
        return Verdict(True, (Defect(type_),))  # nobody draws masks of a sound
    masks = category / "ground_truth" / kind
    mask = first_file(masks, (f"{file.stem}{end}" for end in ("_mask.png", ".png", ".bmp")))
    if mask is None:
        raise BadData(
            f"its mask is missing: neither {file.stem}_mask.png nor {file.stem}.png is in ground_truth/{kind}"
        )
    return Verdict(True, tuple(Defect(type_, box) for box in boxes(mask, file)))


def read_mvtec(folder: Path, source: Source, truth: Truth = by_folder) -> Iterator[NewCase | Refused]:
    """Cases of one category folder, or of all category folders in a folder.

    The data set's name, where no table gives one, is that of the folder above the categories, so a category gives the
    same keys either way.

    Raises:
        BadData: at once, when there is no category.
    """
    return _read(folder, categories(folder), source, truth)


def read_named(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """The same for a source of which the table names all categories. Raises BadData at once when there are others."""
    return _read_known(folder, categories(folder), source)


def read_grouped(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """The same where categories lie in groups, and the table names the groups. A group or a category may be given."""
    inside = [category for group in visible(folder.resolve()) for category in categories(group)]
    return _read_known(folder, categories(folder) or inside, source)


def _read_known(folder: Path, found: list[Path], source: Source) -> Iterator[NewCase | Refused]:
    known = set(source.table.scenarios)
    strange = [path.name for path in found if not known & {path.name, path.parent.name}]
    if strange:
        raise BadData(
            f"{folder} is not in the layout of {source.table.title}, which has no category {strange[0]!r}. For other "
            "data sets of this form choose the layout mvtec."
        )
    return _read(folder, found, source, by_folder)


def _read(folder: Path, found: list[Path], source: Source, truth: Truth) -> Iterator[NewCase | Refused]:
    if not found:
        raise BadData(
            f"{folder} is not in the layout of {source.table.title}: there is no train or test folder in it, nor in a "
            "folder inside it. Give the folder of one category, or the folder that holds the categories."
        )
    return (entry for category in found for entry in _Category(category, source, truth).entries())


def categories(folder: Path) -> list[Path]:
    """The folder itself where it is a category, else those in it."""
    folder = folder.resolve()
    return [folder] if _is_category(folder) else [child for child in visible(folder) if _is_category(child)]


def _is_category(folder: Path) -> bool:
    """A split in it, and in that a folder for each kind of part."""
    return any(path.is_dir() for split in SPLITS for path in visible(folder / split))


def visible(folder: Path) -> list[Path]:
    """What a person put there, in order, not what file managers leave behind; nothing where there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if not p.name.startswith(".") and p.name.lower() not in CLUTTER)


@dataclass(frozen=True)
class _Category:
    """One category folder as it is read."""

    folder: Path
    source: Source
    truth: Truth

    @cached_property
    def licence(self) -> str:
        """As the category's own licence file begins, or that of the data set."""
        return stated_licence(self.folder, self.folder.parent)

    def entries(self) -> Iterator[NewCase | Refused]:
        for split in SPLITS:
            for kind in visible(self.folder / split):
                if kind.is_dir():
                    yield from self._pictures(split, kind)
                else:
                    yield Refused(
                        str(kind), f"it lies in {split} itself: pictures belong into good or a defect's folder"
                    )

    def _pictures(self, split: str, kind: Path) -> Iterator[NewCase | Refused]:
        files = visible(kind)
        sounds = {file.stem: file for file in files if is_sound(file)}
        pictures = {file.stem for file in files if file.suffix.lower() in EXTENSIONS}
        for file in files:
            if file.stem in pictures and is_sound(file):
                continue  # a further picture of the case of that name
            yield attempt(file, self._case, split, kind.name, file, sounds.get(file.stem))

    def _case(self, split: str, kind: str, file: Path, sound: Path | None) -> NewCase:
        if file.is_dir():
            raise BadData("it is a folder, where this layout has pictures")
        if file.suffix.lower() not in EXTENSIONS and not is_sound(file):
            raise BadData("this is not a picture by its name: move it elsewhere")
        normal = kind.lower() in NORMAL_FOLDERS
        root = self.folder.parent
        return self.source.case(
            file.relative_to(root).as_posix(),
            self.folder.name,
            (file, sound) if sound and sound != file else (file,),
            NORMAL if normal else self.truth(self.source, self.folder, kind, file),
            split=split,
            dataset=root.name,
            group=root.name,
            licence=self.licence,
        )
