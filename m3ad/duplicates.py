"""Near-duplicates: a perceptual hash of a picture, and which of many hashes lie near one another. Knows no database.

The hash is the sign of each low frequency of the picture: grey, reduced to 96 x 96, cosine-transformed, the lowest
24 x 24 frequencies without the mean: 575 bits. Signs bear JPEG, another size and another exposure well. The usual 64
bits are too few here: one product before one camera looks nearly the same in all its pictures, and only the finer
frequencies tell two parts apart.

How NEAR was chosen: measured on 444 pictures of the real subsets and 384 drawn parts. Bits that differ between a
picture and the same picture changed (the share of pictures within 56 bits; the distance that 99 % keep to):

    JPEG quality 75                       99.5 %    37       half the size                100 %    29
    JPEG quality 50                       98.6 %    62       a quarter of the size        100 %    44
    half size, JPEG 75, 10 % brighter     98.2 %    68       10 % brighter               99.9 %    34
    one row and one column cut off        99.5 %    50       30 % brighter (clips)         91 %    92
    1 % cut off the left and the top        46 %    99       1 % cut off all sides         49 %   123

and between two different parts of one product, the nearest pair: drawn parts 89 (of 7140 pairs in each of five
categories), juice bottles 94, hazelnuts 154, commutators 237, circuit boards 246. Nearer are only pairs that turned
out, when looked at, to be one part pictured twice: three pairs of commutators (0, 10 and 17 bits) and eight of magnetic
tiles (32 to 56). A board and its own template, which differ in the defects alone: 4 to 104, half of them within 34.
So 56 keeps together what was saved again or pictured twice, and does not chain the pictures of a product into one
group. It makes no promise about pictures that were moved or cut by 1 % of their side or more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

NEAR = 56  # bits of 575: at most so many differ between near-duplicates
GRID = 96  # pixels, side of the reduced picture: twice what the highest frequency kept needs
FREQUENCIES = 24  # along each side
BLOCK = 256  # hashes that are compared with all later ones at once: bounds the memory, 160 MB for 40,000 of them
FLAT = 1.0  # grey levels of 255: a picture that varies less has no look, only noise


def perceptual_hash(image: Image.Image) -> str:
    """144 hex digits that say what a picture looks like; empty when it is one even tone, which looks like any other."""
    small = image.convert("L").resize((GRID, GRID), Image.Resampling.BILINEAR)
    grey = np.asarray(small, dtype=np.float32)
    if grey.std() < FLAT:
        return ""
    low = dctn(grey, norm="ortho")[:FREQUENCIES, :FREQUENCIES]
    return np.packbits(low.ravel()[1:] > 0).tobytes().hex()


def near_groups(hashes: Sequence[str]) -> list[int]:
    """A group number for each hash: those within NEAR bits of one another, directly or through others, share one.

    Empty hashes are near to nothing. Every pair is looked at, but as products of matrices: 40,000 hashes take seconds.
    """
    known = sorted({name for name in hashes if name})
    place = {name: at for at, name in enumerate(known)}
    groups = _grouped(known).tolist()
    alone = iter(range(len(known), len(known) + len(hashes)))
    return [groups[place[name]] if name else next(alone) for name in hashes]


def near_any(hashes: Sequence[str], others: Sequence[str]) -> list[bool]:
    """For each hash whether it is within NEAR bits of one of `others`; an empty one is near to nothing.

    Two thousand against twenty thousand take about a second.
    """
    asked = sorted({name for name in hashes if name})
    known = sorted({name for name in others if name})
    if not asked or not known:
        return [False] * len(hashes)
    among = _signs(known)
    found: set[str] = set()
    for start in range(0, len(asked), BLOCK):
        some = asked[start : start + BLOCK]
        near = _signs(some) @ among.T >= among.shape[1] - 2 * NEAR
        found |= {name for name, hit in zip(some, near.any(axis=1), strict=True) if hit}
    return [name in found for name in hashes]


def _signs(hashes: list[str]) -> np.ndarray:
    """A row for each hash. As +1 and -1 the product of two rows is their length less twice the bits that differ."""
    packed = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8).reshape(len(hashes), -1)
    return np.unpackbits(packed, axis=1).astype(np.float32) * 2 - 1


def _grouped(known: list[str]) -> np.ndarray:
    """Group numbers of distinct hashes."""
    groups = np.arange(len(known))
    if not known:
        return groups
    signs = _signs(known)
    third = np.ascontiguousarray(signs[:, ::3])  # who differs by more than NEAR here already needs no second look
    for start in range(0, len(known), BLOCK):
        rough = third[start : start + BLOCK] @ third[start:].T
        later = start + np.flatnonzero((rough >= third.shape[1] - 2 * NEAR).any(axis=0))
        one, other = np.nonzero(signs[start : start + BLOCK] @ signs[later].T >= signs.shape[1] - 2 * NEAR)
        groups = _joined(groups, start + one, later[other])
    return groups


def _joined(groups: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The group numbers after the groups of each of `one` and its counterpart in `other` became one."""
    pairs = groups[one], groups[other]
    if np.array_equal(*pairs):
        return groups
    links = coo_array((np.ones(one.size), pairs), shape=(len(groups), len(groups)))
    return connected_components(links, directed=False)[1][groups]
