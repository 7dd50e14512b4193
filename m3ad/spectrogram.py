"""A sound as a picture: its spectrogram, so that it can be looked at, boxed and inspected like any other picture.

Time goes from left to right, one column for every HOP samples: HOP / rate seconds per column (10.7 ms at 48 kHz).
Frequency goes from the bottom to the top, one row for every rate / WINDOW hertz (46.9 Hz at 48 kHz): row r counted from
the bottom, from 0, is r * rate / WINDOW Hz, up to just below half the rate. Each column is a Hann window of WINDOW
samples; no sample is outside all windows. Colour is the level in decibels from FLOOR to 0, where 0 is a sine of full
scale: the same for every sound, so that two can be compared. The lightness (CIE L*) rises evenly with the level.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from m3ad.wav import read_wav

WINDOW = 1024  # samples
HOP = 512  # samples
FLOOR = -100.0  # decibels; what is below is black
BATCH = 1024  # windows transformed at once


def spectrogram(path: Path) -> bytes:
    """The spectrogram of a WAV file as PNG, WINDOW / 2 pixels high; its text says the units.

    Raises:
        BadData: see `m3ad.wav.read_wav`.
    """
    sound = read_wav(path)
    levels = _levels(sound.samples)
    steps = np.clip(np.rint((1 - levels / FLOOR) * 255), 0, 255).astype(np.uint8)
    image = Image.fromarray(_colours()[steps[::-1]])
    text = PngInfo()
    text.add_text("Seconds per column", repr(HOP / sound.rate))
    text.add_text("Hertz per row", repr(sound.rate / WINDOW))
    target = io.BytesIO()
    image.save(target, "PNG", pnginfo=text)
    return target.getvalue()


def _levels(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Decibels of shape (WINDOW / 2, columns), frequencies rising; the mean power of all channels."""
    columns = 1 + max(0, -(-(len(samples) - WINDOW) // HOP))
    padded = np.pad(samples, ((0, WINDOW + (columns - 1) * HOP - len(samples)), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=0)[::HOP]  # (columns, channels, WINDOW)
    hann = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    levels = np.empty((WINDOW // 2, columns), np.float32)
    for start in range(0, columns, BATCH):
        spectra = np.fft.rfft(windows[start : start + BATCH] * hann)[..., :-1]
        power = np.mean(np.abs(spectra * (2 / hann.sum())) ** 2, axis=1)
        levels[:, start : start + BATCH] = 10 * np.log10(power + 1e-20).T
    return levels


@cache
def _colours() -> NDArray[np.uint8]:
    """256 colours (256, 3) from black by blue and red to pale yellow, in even steps of CIE L*; D65 white."""
    share = np.linspace(0, 1, 256)
    hue = np.radians(290 + 160 * share)
    chroma = 50 * np.sin(np.pi * share)
    middle = (98 * share + 16) / 116
    lab = np.stack([middle + chroma * np.cos(hue) / 500, middle, middle - chroma * np.sin(hue) / 200])
    xyz = np.where(lab > 6 / 29, lab**3, 3 * (6 / 29) ** 2 * (lab - 4 / 29)) * np.array([[0.9505], [1.0], [1.089]])
    matrix = np.array(
        [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    )  # IEC 61966-2-1
    linear = np.clip(matrix @ xyz, 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(curved.T * 255).astype(np.uint8)
