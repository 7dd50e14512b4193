"""The drawn label bottles: three bottles of one product, each with a cap in the colour of its label's band."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from m3ad.demo.canvas import Canvas, Colour, Patch, start, streams
from m3ad.demo.marks import mark
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.shapes import Array, Point, Shape, box, disc, polygon, repeated
from m3ad.records import Scenario

_BRANDS: tuple[Colour, ...] = (
    (0.75, 0.13, 0.12), (0.12, 0.33, 0.68), (0.13, 0.50, 0.25),
    (0.88, 0.62, 0.10), (0.42, 0.18, 0.52), (0.10, 0.50, 0.55),
)  # fmt: skip
_LIQUIDS: tuple[Colour, ...] = (
    (0.78, 0.52, 0.12), (0.55, 0.20, 0.08), (0.25, 0.50, 0.62),
    (0.50, 0.62, 0.22), (0.72, 0.30, 0.24), (0.62, 0.64, 0.66),
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    """What all bottles of one picture share, in part units; `profile`: (height, half width), top to bottom."""

    profile: tuple[tuple[float, float], ...]
    top: float
    bottom: float
    neck: float
    level: float
    label: Point
    label_at: float
    brand: Colour
    liquid: Colour
    glass: Colour
    paper: Colour
    words: tuple[str, str]
    cap: Point
    design: int


@dataclass
class Bottle:
    """One bottle and what happened to its cap and its label."""

    x: float
    model: Model
    cap_colour: Colour
    cap_flaw: str = ""
    label_flaw: str = ""
    label_turn: float = 0.0
    label_shift: Point = (0.0, 0.0)

    def draw(self, canvas: Canvas) -> None:
        """Glass and liquid, label, cap."""
        model = self.model
        body = _lathe(model)
        middle = (self.x, (model.top + model.bottom) / 2)
        canvas.fill(disc(model.profile[-1][1] * 1.3), (self.x + 0.02, model.bottom), (0, 0, 0), alpha=0.35, soft=0.06)
        canvas.shadow(body, middle, 0.04)
        patch = canvas.patch(body, middle)
        if patch is not None:
            _glass(canvas, patch, model, middle[1])
        for edge in (-1, 1):  # the ridges between which the label belongs
            y = model.label_at + edge * (model.label[1] / 2 + 0.012)
            wide = 2 * _width(model, y) * 0.97
            canvas.fill(box(wide, 0.006), (self.x, y + 0.004), (0, 0, 0), alpha=0.35)
            canvas.fill(box(wide, 0.006), (self.x, y - 0.003), (1, 1, 1), alpha=0.45)
        if self.label_flaw != "component missing":
            self._label(canvas)
        if self.cap_flaw == "component missing":
            self._mouth(canvas)
        else:
            self._cap(canvas)

    def _label(self, canvas: Canvas) -> None:
        model, turn = self.model, self.label_turn
        at = (self.x + self.label_shift[0], model.label_at + self.label_shift[1])
        width, height = model.label
        sheet = box(width, height, 0.008)
        canvas.fill(sheet, (at[0] + 0.004, at[1] + 0.005), (0, 0, 0), alpha=0.3, soft=0.01, angle=turn)
        canvas.fill(sheet, at, model.paper, angle=turn)
        c, s = np.cos(turn), np.sin(turn)

        def place(u: float, v: float) -> Point:
            return at[0] + float(u * c - v * s), at[1] + float(u * s + v * c)

        band = box(width, height * 0.26)
        canvas.fill(band, place(0, -height * 0.37 + height * 0.0), model.brand, angle=turn)
        canvas.text(
            model.words[0],
            place(0, -height * 0.37),
            min(height * 0.17, width * 1.3 / len(model.words[0])),
            model.paper,
            angle=turn,
        )
        if model.design == 0:
            canvas.fill(disc(height * 0.17), place(0, height * 0.03), model.brand)
            canvas.fill(disc(height * 0.10), place(0, height * 0.03), model.paper)
        elif model.design == 1:
            leaf = polygon([(-0.25 * height, 0), (0, -0.16 * height), (0.25 * height, 0), (0, 0.16 * height)])
            canvas.fill(leaf, place(0, height * 0.02), model.brand, angle=turn)
        else:
            for k in range(3):
                canvas.fill(
                    box(width * (0.6 - 0.12 * k), height * 0.055),
                    place(0, height * (-0.08 + 0.1 * k)),
                    model.brand,
                    angle=turn,
                )
        canvas.text(model.words[1], place(0, height * 0.27), height * 0.12, (0.15, 0.15, 0.17), angle=turn)
        for count, thick in ((11, 0.014), (4, 0.036)):  # bar code
            bars = repeated(box(width * thick, height * 0.10), count, width * 0.44 / count)
            canvas.fill(bars, place(0, height * 0.41), (0.1, 0.1, 0.1), angle=turn)
        self._bend_light(canvas, canvas.patch(sheet, at, turn), turn, at[0])

    def _bend_light(self, canvas: Canvas, patch: Patch | None, turn: float, x: float) -> None:
        """Shade the label as the cylinder below it, darker to its edges, with the streak of a window."""
        if patch is None:
            return
        across = (
            patch.u * np.float32(np.cos(turn)) - patch.v * np.float32(np.sin(turn)) + (x - self.x)
        ) / self.model.profile[-1][1]
        across = np.clip(across, -1, 1)
        side = _lamp_side(canvas)
        level = 1.02 - 0.42 * _fourth(across) - 0.13 * side * across
        streak = 0.16 * np.exp(-(((across * side + 0.5) / 0.13) ** 2))
        region = canvas.rgb[patch.rows, patch.columns]
        region += patch.coverage[..., None] * (region * (level - 1)[..., None] + streak[..., None])

    def _cap(self, canvas: Canvas) -> None:
        model = self.model
        width, height = model.cap
        at = (self.x, model.top - height / 2 + 0.035)
        shape = box(width, height, 0.012)
        canvas.shadow(shape, at, 0.03)
        patch = canvas.patch(shape, at)
        if patch is None:
            return
        across = np.clip(patch.u / (width / 2), -1, 1)
        side = _lamp_side(canvas)
        level = (
            0.95
            - 0.5 * _fourth(across)
            - 0.2 * side * across
            + 0.10 * np.sin(np.arcsin(across) * 26) * (np.abs(patch.v + 0.004) < height * 0.40)
        )
        level = level * (1 + 0.35 * np.exp(-(((patch.v + height * 0.46) / 0.006) ** 2)))
        shine = 0.35 * np.exp(-(((across * side + 0.45) / 0.14) ** 2))
        colour = level[..., None] * np.asarray(self.cap_colour, np.float32) + shine[..., None]
        canvas.blend(patch, patch.coverage, colour)
        collar = (self.x, model.top + 0.048)
        canvas.fill(box(width * 0.96, 0.014, 0.004), collar, _darker(self.cap_colour, 0.7))

    def _mouth(self, canvas: Canvas) -> None:
        """The bare neck: screw thread and the open mouth."""
        model = self.model
        for k in range(3):
            y = model.top + 0.022 + k * 0.019
            canvas.fill(box(model.neck * 2.3, 0.010, 0.005), (self.x, y), (0.96, 0.97, 0.98), alpha=0.65, angle=0.05)
            canvas.fill(
                box(model.neck * 2.3, 0.005, 0.002), (self.x, y + 0.007), (0.1, 0.1, 0.12), alpha=0.5, angle=0.05
            )
        rim = Shape((model.neck, 0.018), lambda u, v: np.hypot(u, v * (model.neck / 0.018)) - model.neck)
        canvas.fill(rim, (self.x, model.top + 0.002), (0.85, 0.87, 0.88), alpha=0.9)
        hole = Shape((model.neck, 0.012), lambda u, v: np.hypot(u, v * (model.neck / 0.013)) - model.neck * 0.78)
        canvas.fill(hole, (self.x, model.top + 0.002), (0.08, 0.07, 0.07), alpha=0.85)

    def cap_mask(self, canvas: Canvas) -> Array:
        """Where the cap sits or should sit."""
        width, height = self.model.cap
        return canvas.mask(box(width, height + 0.02), (self.x, self.model.top - height / 2 + 0.045))

    def label_mask(self, canvas: Canvas) -> Array:
        """The label as it is, with its proper place."""
        at, sheet = (self.x, self.model.label_at), box(*self.model.label)
        moved = (at[0] + self.label_shift[0], at[1] + self.label_shift[1])
        return canvas.mask(sheet, at) | canvas.mask(sheet, moved, self.label_turn)


def _lamp_side(canvas: Canvas) -> float:
    """1 when the lamp stands on the left, -1 on the right."""
    return 1.0 if canvas.light[0] <= 0 else -1.0


def _fourth(value: Array) -> Array:
    square = value * value  # numpy's own power is many times as slow
    return square * square


def _darker(colour: Colour, level: float) -> Colour:
    return colour[0] * level, colour[1] * level, colour[2] * level


def _width(model: Model, y: float) -> float:
    heights, widths = zip(*model.profile, strict=True)
    return float(np.interp(y, heights, widths))


def _lathe(model: Model) -> Shape:
    heights, widths = zip(*model.profile, strict=True)
    middle, half = (model.top + model.bottom) / 2, (model.bottom - model.top) / 2

    def distance(u: Array, v: Array) -> Array:
        side = np.abs(u) - np.interp(v + middle, heights, widths).astype(np.float32)
        return np.maximum(side * np.float32(0.9), np.abs(v) - half)

    return Shape((max(widths), half), distance)


def _glass(canvas: Canvas, patch: Patch, model: Model, middle: float) -> None:
    """Blend the bottle's body: clear above the level, liquid below, with the streaks of windows in the glass."""
    heights, widths = zip(*model.profile, strict=True)
    y = patch.v + np.float32(middle)
    across = np.clip(patch.u / np.interp(y, heights, widths).astype(np.float32), -1, 1)
    side, square = _lamp_side(canvas), across * across
    depth = 1.05 - 0.5 * square * square - 0.12 * side * across
    curve = np.float32(model.level) + 0.010 * (1 - square)
    wet = np.clip((y - curve) * canvas.scale + 0.5, 0, 1)
    meniscus = np.exp(-(((y - curve) / 0.006) ** 2)) * 0.30
    streak = 0.50 * np.exp(-(((across * side + 0.58) / 0.09) ** 2)) + 0.22 * np.exp(
        -(((across * side - 0.72) / 0.06) ** 2)
    )
    shine = meniscus + streak * np.clip((y - model.top) / 0.1, 0, 1)
    dark = (
        1
        - 0.35 * np.clip((np.abs(across) - 0.9) / 0.1, 0, 1)
        - 0.25 * np.clip((y - (model.bottom - 0.03)) / 0.03, 0, 1)
    )
    clear = 1.02 - 0.45 * square * square * square
    region = canvas.rgb[patch.rows, patch.columns]
    colour = np.empty((3, *across.shape), np.float32)
    for channel in range(3):
        empty = clear * (region[..., channel] * np.float32(0.62) + 0.38 * model.glass[channel])
        colour[channel] = (empty + wet * (depth * model.liquid[channel] - empty) + shine) * dark
    canvas.blend(patch, patch.coverage, np.moveaxis(colour, 0, 2))


def _model(rng: np.random.Generator) -> Model:
    half = rng.uniform(0.115, 0.128)
    top, bottom = -0.33 + rng.uniform(-0.02, 0.02), 0.42
    neck = half * rng.uniform(0.36, 0.46)
    shoulder = top + rng.uniform(0.16, 0.24)
    profile = [
        (top, neck), (top + 0.075, neck), ((top + 0.075 + shoulder) / 2, (neck + half) / 2 * rng.uniform(0.98, 1.15)),
        (shoulder, half * 0.97), (shoulder + 0.03, half), (bottom - 0.03, half), (bottom, half * 0.90),
    ]  # fmt: skip
    height = rng.uniform(0.24, 0.29)
    brand = _BRANDS[rng.integers(len(_BRANDS))]
    liquid = _LIQUIDS[rng.integers(len(_LIQUIDS))]
    glass = ((0.80, 0.86, 0.86), (0.62, 0.74, 0.66), (0.70, 0.78, 0.86))[rng.integers(3)]
    paper = ((0.90, 0.90, 0.87), (0.86, 0.82, 0.72), (0.84, 0.87, 0.90))[rng.integers(3)]
    words = (str(rng.choice(["AQUA", "SOLV", "KLAR", "NOVA", "CITRO"])), f"{rng.choice([250, 330, 500])} ml")
    return Model(
        profile=tuple((float(a), float(b)) for a, b in profile),
        top=float(top),
        bottom=bottom,
        neck=float(neck),
        level=float(rng.uniform(top + 0.10, shoulder)),
        label=(float(half * 1.8), float(height)),
        label_at=float(shoulder + 0.07 + height / 2 + rng.uniform(0, 0.04)),
        brand=brand,
        liquid=liquid,
        glass=glass,
        paper=paper,
        words=words,
        cap=(float(neck * 2.5), float(rng.uniform(0.085, 0.11))),
        design=int(rng.integers(3)),
    )


def _spoil(rng: np.random.Generator, bottles: list[Bottle], kinds: list[str]) -> None:
    """Spread flaws of caps and labels over the bottles, each cap and each label at most once."""
    caps, labels = [int(i) for i in rng.permutation(3)], [int(i) for i in rng.permutation(3)]
    others = [c for c in _BRANDS if c != bottles[0].model.brand]
    for kind in kinds:
        if kind == "color error":
            bottle = bottles[caps.pop()]
            bottle.cap_flaw, bottle.cap_colour = kind, others[rng.integers(len(others))]
        elif kind == "component missing" and rng.random() < 0.5:
            bottles[caps.pop()].cap_flaw = kind
        else:
            bottle = bottles[labels.pop()]
            bottle.label_flaw = kind
            if kind == "component misalignment":
                bottle.label_turn = float(rng.choice([-1, 1]) * rng.uniform(0.14, 0.4))
            elif kind == "displacement":
                bottle.label_shift = (0.0, float(rng.choice([-0.7, 1]) * rng.uniform(0.05, 0.085)))


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """Three bottles; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, turn=0.05, scale=(0.94, 1.04))
    _shelf(canvas, scene)
    model = _model(scene)
    pitch = scene.uniform(0.285, 0.305)
    bottles = [Bottle(float((i - 1) * pitch + scene.uniform(-0.008, 0.008)), model, model.brand) for i in range(3)]
    surface_kinds = [kind for kind in types if kind in ("tear", "contamination")]
    _spoil(trouble, bottles, [kind for kind in types if kind not in surface_kinds])
    for bottle in bottles:
        bottle.draw(canvas)
    flaws: list[FlawMask] = [(b.cap_flaw, b.cap_mask(canvas)) for b in bottles if b.cap_flaw]
    flaws += [(b.label_flaw, b.label_mask(canvas)) for b in bottles if b.label_flaw]
    for kind in surface_kinds:
        flaws = mark(
            trouble,
            canvas,
            [kind],
            partial(_surface, canvas, bottles, kind),
            flaws,
            core=(0.95, 0.94, 0.9),
            behind=model.liquid,
        )
    return Drawn(canvas.finished(), flaws)


def _surface(canvas: Canvas, bottles: list[Bottle], kind: str) -> Array:
    """Where a surface flaw may be: a tear on sound labels only, dirt anywhere on the bottles."""
    surface = np.zeros((canvas.size, canvas.size), bool)
    for bottle in bottles:
        if kind == "tear":
            if not bottle.label_flaw:
                surface |= bottle.label_mask(canvas)
        else:
            middle = (bottle.model.top + bottle.model.bottom) / 2
            surface |= canvas.mask(_lathe(bottle.model), (bottle.x, middle))
    return surface


def _shelf(canvas: Canvas, rng: np.random.Generator) -> None:
    """The wall becomes brighter to the top; below, the edge of a conveyor."""
    size = canvas.size
    fall = np.linspace(1.25, 0.85, size, dtype=np.float32)
    canvas.rgb *= fall[:, None, None]
    belt = np.asarray(((0.22, 0.23, 0.25), (0.45, 0.46, 0.47), (0.16, 0.25, 0.36))[rng.integers(3)], np.float32)
    shade = 1 + 0.06 * canvas.grain
    patch = canvas.patch(box(3, 0.5), (0, 0.40 + 0.25 + float(rng.uniform(-0.03, 0.01))))
    if patch is not None:
        rows = np.clip(0.75 + 1.2 * (patch.v + 0.25), 0.7, 1.3) * shade[patch.rows, patch.columns]
        canvas.blend(patch, patch.coverage, rows[..., None] * belt)


LABEL_BOTTLE = Recipe(
    "label bottle",
    Scenario.LOGICAL,
    ("component misalignment", "displacement", "component missing", "color error", "tear", "contamination"),
    False,
    paint,
)
