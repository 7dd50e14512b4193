"""WAV files that anybody may have sent: uncompressed PCM of 8, 16, 24 or 32 bits, read whole or refused in words."""

from __future__ import annotations

import struct
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from m3ad.errors import BadData

SUFFIX = ".wav"
MOST_SAMPLES = 10_000_000  # of a channel: three and a half minutes at 48 kHz
MOST_IN_ALL = 20_000_000  # of all channels: what is held in memory
RATES = (100, 1_000_000)  # samples per second that make sense


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of shape (samples, channels), -1..1, and how many there are per second."""

    samples: NDArray[np.float32]
    rate: int


def is_sound(path: Path) -> bool:
    """True when the file is a WAV file by its name."""
    return path.suffix.lower() == SUFFIX


def read_wav(path: Path) -> Sound:
    """The whole sound; nothing is read before what the header declares is judged.

    Raises:
        BadData: it is no WAV file of uncompressed PCM, is damaged, empty, or longer than MOST_SAMPLES.
    """
    try:
        with path.open("rb") as opened, wave.open(opened) as file:
            channels, width, rate, length, *_ = file.getparams()
            _judge(path.name, channels, rate, length)
            data = file.readframes(length)
    except (wave.Error, EOFError, RuntimeError, struct.error) as error:  # all of these come of damaged headers
        raise BadData(
            f"{path.name} cannot be read as WAV ({str(error) or 'it ends too early'}). Save it as uncompressed PCM."
        ) from error
    except OSError as error:
        raise BadData(f"{path.name} cannot be read: {error.strerror or error}.") from error
    if len(data) != length * channels * width:
        raise BadData(f"{path.name} is cut off: it declares {length} samples and holds fewer. Copy it again.")
    return Sound(_samples(data, width).reshape(length, channels), rate)


def _judge(name: str, channels: int, rate: int, length: int) -> None:
    if length == 0:
        raise BadData(f"{name} holds no sound: its length is zero.")
    if length > MOST_SAMPLES:
        raise BadData(
            f"{name} declares {length:,} samples, more than the limit of {MOST_SAMPLES:,}: cut it into pieces."
        )
    if length * channels > MOST_IN_ALL:
        raise BadData(f"{name} has {channels} channels of {length:,} samples, too many together: leave some out.")
    if not RATES[0] <= rate <= RATES[1]:
        raise BadData(f"{name} declares {rate} samples per second, which cannot be right.")


def _samples(data: bytes, width: int) -> NDArray[np.float32]:
    """Little-endian integers of `width` bytes as numbers from -1 to 1; those of one byte are unsigned."""
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / np.float32(128)
    whole = np.zeros((len(data) // width, 4), np.uint8)
    whole[:, 4 - width :] = np.frombuffer(data, np.uint8).reshape(-1, width)
    return whole.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)
