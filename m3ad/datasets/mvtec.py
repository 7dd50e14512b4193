"""The layout of MVTec AD, which many others use: normal and defect folders, and a mask for each defective picture.

    <category>/{train,validation,test}/good/NNN.png     <category>/test/<defect>/NNN.png
    <category>/ground_truth/<defect>/NNN_mask.png (or NNN.png)

Licence of MVTec AD: CC BY-NC-SA 4.0. Everything above 127 in a mask is defect (edges are often grey). Each connected
component gives a box, all of the type that the folder's name means (`mvtec.toml`). Components smaller than SPECK_SHARE
of the picture or than SPECK_PIXELS are specks of the mask's drawing and give no box; a mask of nothing but specks keeps
its largest one, for somebody meant it. Licence and readme files of a category are not looked at.

Where a WAV file lies beside a picture of its name, its spectrogram is a further picture of that case; alone it is a
case of its own, whose defect has no place.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from m3ad.datasets.account import Refused
from m3ad.datasets.names import Meaning, meaning_of
from m3ad.errors import BadData, BadImage
from m3ad.geometry import Box, mask_to_boxes
from m3ad.images import EXTENSIONS, describe, open_image
from m3ad.records import NORMAL, Defect, NewCase, Scenario, Verdict
from m3ad.wav import is_sound

TYPES = Path(__file__).with_name("mvtec.toml")
SPLITS = ("train", "validation", "test")
NORMAL_FOLDERS = ("good", "ok")
CLUTTER = ("thumbs.db", "desktop.ini")
SPECK_SHARE = 5e-5  # of the picture: 13 pixels of 512 x 512, 52 of 1024 x 1024
SPECK_PIXELS = 4
MASK_THRESHOLD = 127

# The paper's scenarios for MVTec AD; what is not named here is a workpiece.
SCENARIOS = {
    **dict.fromkeys(("carpet", "grid", "leather", "tile", "wood"), Scenario.TEXTURE),
    **dict.fromkeys(("cable", "transistor"), Scenario.ELECTRONIC),
}


def read_mvtec(folder: Path) -> Iterator[NewCase | Refused]:
    """Cases of one category folder, or of all category folders in a folder.

    The data set's name is that of the folder above the categories, so a category gives the same keys either way.

    Raises:
        BadData: at once, when neither `folder` nor a folder in it has `train` or `test` in it.
    """
    folder = Path(folder).resolve()
    if _is_category(folder):
        return _category(folder.parent, folder)
    categories = [child for child in _visible(folder) if _is_category(child)] if folder.is_dir() else []
    if not categories:
        raise BadData(
            f"{folder} is not in MVTec AD's layout: there is no train or test folder in it, nor in a folder inside it. "
            "Give the folder of one category, or the folder that holds the categories."
        )
    return (entry for category in categories for entry in _category(folder, category))


def _is_category(folder: Path) -> bool:
    return any((folder / split).is_dir() for split in SPLITS)


def _category(root: Path, category: Path) -> Iterator[NewCase | Refused]:
    for split in SPLITS:
        if not (category / split).is_dir():
            continue
        for kind in _visible(category / split):
            if kind.is_dir():
                files = _visible(kind)
                sounds = {file.stem: file for file in files if is_sound(file)}
                pictures = {file.stem for file in files if file.suffix.lower() in EXTENSIONS}
                for file in files:
                    if file.stem in pictures and is_sound(file):
                        continue  # a further picture of the case of that name
                    yield _entry(root, category, split, kind.name, file, sounds.get(file.stem))
            else:
                yield Refused(str(kind), f"it lies in {split} itself: pictures belong into good or a defect's folder")


def _visible(folder: Path) -> list[Path]:
    """What a person put there, in order; not what file managers leave behind."""
    return sorted(p for p in folder.iterdir() if not p.name.startswith(".") and p.name.lower() not in CLUTTER)


def _entry(root: Path, category: Path, split: str, kind: str, file: Path, sound: Path | None) -> NewCase | Refused:
    if file.is_dir():
        return Refused(str(file), "it is a folder, where this layout has pictures")
    if file.suffix.lower() not in EXTENSIONS and not is_sound(file):
        return Refused(str(file), "this is not a picture by its name: move it elsewhere")
    verdict: Verdict | str = NORMAL
    if kind.lower() not in NORMAL_FOLDERS:
        meaning = meaning_of(kind, category.name, TYPES)
        verdict = _read_defects(meaning, category / "ground_truth" / kind, file)
    if isinstance(verdict, str):
        return Refused(str(file), verdict)
    return NewCase(
        dataset=root.name,
        key=file.relative_to(root).as_posix(),
        scenario=SCENARIOS.get(category.name, Scenario.WORKPIECE),
        category=category.name,
        images=(file, sound) if sound and sound != file else (file,),
        split=split,
        verdict=verdict,
    )


def _read_defects(meaning: Meaning, masks: Path, file: Path) -> Verdict | str:
    """The verdict from the picture's mask, or why there is none."""
    if meaning.type is None:
        return str(meaning.refused)
    if is_sound(file):
        return Verdict(True, (Defect(meaning.type),))  # nobody draws masks of a sound
    mask = next(
        (path for name in (f"{file.stem}_mask.png", f"{file.stem}.png") if (path := masks / name).is_file()), None
    )
    if mask is None:
        return f"its mask is missing: neither {file.stem}_mask.png nor {file.stem}.png is in ground_truth/{masks.name}"
    try:
        boxes = _boxes(mask, file)
    except (BadImage, BadData) as error:
        return str(error)
    return Verdict(True, tuple(Defect(meaning.type, box) for box in boxes))


def _boxes(mask: Path, file: Path) -> list[Box]:
    """Boxes of a mask, in fractions. Raises BadImage, and BadData for a mask that is empty or of another size."""
    drawn = np.asarray(open_image(mask).convert("L")) > MASK_THRESHOLD
    if not drawn.any():
        raise BadData(f"its mask {mask.name} is empty, although the folder says that there is a defect")
    facts = describe(file)
    if (facts.height, facts.width) != drawn.shape:
        raise BadData(
            f"its mask {mask.name} is {drawn.shape[1]} x {drawn.shape[0]} pixels, the picture {facts.width} x "
            f"{facts.height}: nobody can say where the defect is"
        )
    enough = max(SPECK_PIXELS, round(SPECK_SHARE * drawn.size))
    return mask_to_boxes(drawn, min_pixels=enough) or [max(mask_to_boxes(drawn), key=lambda box: box.area)]
