"""Sounds become pictures whose rows are frequencies and columns times, or are refused in words."""

from __future__ import annotations

import io
import struct
import wave
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from m3ad.datasets.account import Refused
from m3ad.datasets.layouts import LAYOUTS
from m3ad.errors import BadData
from m3ad.records import NORMAL, NewCase, Verdict
from m3ad.spectrogram import HOP, WINDOW, spectrogram
from m3ad.wav import MOST_SAMPLES, read_wav

RATE = 48_000


def tone(hertz: float, seconds: float = 1.0, level: float = 0.5, rate: int = RATE) -> NDArray[np.float64]:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def save(path: Path, *channels: NDArray[np.float64], width: int = 2, rate: int = RATE) -> Path:
    """A WAV file of these channels."""
    whole = np.round(np.stack(channels, axis=1) * (2 ** (8 * width - 1) - 1)).astype("<i4")
    if width == 1:
        data = (whole + 128).astype(np.uint8).tobytes()
    else:
        data = np.ascontiguousarray(whole)[..., None].view(np.uint8)[..., :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), width, rate, 0, "NONE", ""))
        file.writeframes(data)
    return path


def picture(path: Path) -> tuple[Image.Image, NDArray[np.uint8]]:
    """The spectrogram, and how light its pixels are."""
    image = Image.open(io.BytesIO(spectrogram(path)))
    return image, np.asarray(image.convert("L"))


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("hertz", [1_000, 5_000, 19_500])
def test_a_sine_lights_the_row_of_its_frequency(width: int, hertz: int, tmp_path: Path) -> None:
    image, light = picture(save(tmp_path / "a.wav", tone(hertz), width=width))
    assert image.height == WINDOW // 2
    brightest = WINDOW // 2 - 1 - light[:, 5:-5].mean(axis=1).argmax()
    assert abs(brightest * RATE / WINDOW - hertz) <= RATE / WINDOW / 2
    assert float(image.text["Hertz per row"]) == RATE / WINDOW  # type: ignore[attr-defined]
    assert float(image.text["Seconds per column"]) == HOP / RATE  # type: ignore[attr-defined]


def test_time_goes_from_left_to_right_and_every_sample_is_in_a_column(tmp_path: Path) -> None:
    silence = np.zeros(RATE)
    silence[-1] = silence[30_000] = 1.0
    _, light = picture(save(tmp_path / "clicks.wav", silence))
    lit = np.flatnonzero(light.max(axis=0) > 20)
    assert {30_000 // HOP - 1, 30_000 // HOP} <= set(lit) <= {30_000 // HOP - 1, 30_000 // HOP, light.shape[1] - 1}
    assert light.shape[1] == 1 + -(-(RATE - WINDOW) // HOP)
    assert light.shape[1] - 1 in set(np.flatnonzero(light.max(axis=0) > 0)), "the last sample is seen"


def test_the_level_is_a_matter_of_the_sound_alone_and_any_channel_shows(tmp_path: Path) -> None:
    quiet, loud = tone(3_000, level=0.01), tone(3_000, level=1.0)
    alone, beside = (save(tmp_path / f"{n}.wav", *found) for n, found in enumerate([(quiet,), (quiet, -quiet)]))
    assert np.array_equal(picture(alone)[1], picture(beside)[1]), "opposite channels do not silence each other"
    assert picture(save(tmp_path / "loud.wav", loud))[1].max() > picture(alone)[1].max() + 40


def test_lightness_rises_evenly_with_the_level(tmp_path: Path) -> None:
    from m3ad.spectrogram import _colours

    shares = _colours() / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)
    steps = np.diff(lightness)
    assert lightness[0] < 1
    assert lightness[-1] > 95
    assert steps.min() > -0.2
    assert np.abs(lightness - np.linspace(lightness[0], lightness[-1], 256)).max() < 4


@pytest.mark.parametrize("samples", [1, WINDOW - 1, WINDOW, WINDOW + 1])
def test_short_sounds_are_pictures_too(samples: int, tmp_path: Path) -> None:
    image, _ = picture(save(tmp_path / "short.wav", np.full(samples, 0.5)))
    assert image.size == (1 if samples <= WINDOW else 2, WINDOW // 2)


def header(length: int, *, rate: int = RATE, channels: int = 1, kind: int = 1) -> bytes:
    """A WAV header that declares so many bytes of 16-bit sound."""
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * 2 * channels, 2 * channels, 16)
    return (
        b"RIFF"
        + struct.pack("<I", min(36 + length, 2**32 - 1))
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + (b"data" + struct.pack("<I", length))
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cannot be read as WAV"),
        (header(100)[:20], "cannot be read as WAV"),
        (b"RIFX" + header(100)[4:], "cannot be read as WAV"),
        (header(100, kind=3) + bytes(100), "cannot be read as WAV"),
        (header(0), "its length is zero"),
        (header(100) + bytes(40), "cut off"),
        (header(2**32 - 2) + bytes(100), "more than the limit"),
        (header(2 * MOST_SAMPLES + 2) + bytes(100), "more than the limit"),
        (header(2 * 1000 * 30_000, channels=30_000) + bytes(100), "too many together"),
        (header(100, rate=0) + bytes(100), "samples per second"),
        (header(100, channels=0) + bytes(100), "cannot be read as WAV"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(data)
    with pytest.raises(BadData, match=why):
        read_wav(path)


@settings(max_examples=200, deadline=None)
@given(head=st.binary(max_size=60), tail=st.binary(max_size=80), cut=st.integers(0, 44))
def test_any_bytes_are_read_or_refused(
    head: bytes, tail: bytes, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.wav"
    path.write_bytes(header(80)[:cut] + head + tail)
    with suppress(BadData):
        assert len(read_wav(path).samples)


def test_a_sound_beside_a_picture_is_its_further_picture_and_alone_a_case(tmp_path: Path) -> None:
    for name in ("train/good/1.png", "test/scratch/2.png", "ground_truth/scratch/2_mask.png"):
        (tmp_path / "motor" / name).parent.mkdir(parents=True, exist_ok=True)
        drawn = Image.new("L", (100, 80), 0 if "mask" in name else 90)
        drawn.paste(255, (10, 10, 30, 30))
        drawn.save(tmp_path / "motor" / name)
    for name in ("train/good/1.wav", "test/good/3.WAV", "test/scratch/4.wav"):
        (tmp_path / "motor" / name).parent.mkdir(parents=True, exist_ok=True)
        save(tmp_path / "motor" / name, tone(1_000, 0.1))
    found = list(LAYOUTS["mvtec"].open(tmp_path / "motor")[1])
    assert not any(isinstance(one, Refused) for one in found)
    cases = {one.key.removeprefix("motor/"): one for one in found if isinstance(one, NewCase)}
    assert {key: len(case.images) for key, case in cases.items()} == {
        "train/good/1.png": 2, "test/good/3.WAV": 1, "test/scratch/2.png": 1, "test/scratch/4.wav": 1,
    }  # fmt: skip
    assert cases["test/good/3.WAV"].verdict == NORMAL
    alone = cases["test/scratch/4.wav"].verdict
    assert isinstance(alone, Verdict)
    assert [(defect.type, defect.box) for defect in alone.defects] == [("scratch", None)]
