"""Sound files read and written piece by piece, so that what is not changed stays bit for bit."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import soundfile

from tsumami.engine.errors import ParameterError, SoundError
from tsumami.plugins.presets.formats import check_unused

Native = npt.NDArray[Any]
Audio = npt.NDArray[np.float32]

_BITS: Final = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_WORD: Final = 32
_LARGEST_WAV: Final = 4_000_000_000


class SoundReader:
    """A sound file, whose samples are int32 where it has integers, float64 else: both hold them exactly.

    With ``as_floats`` integers are float64 too, and a file that is written like it has floats.
    """

    def __init__(self, path: Path, *, as_floats: bool = False) -> None:
        self._path = path
        with _explained(path):
            self._file = soundfile.SoundFile(path)
        self.sample_rate, self.channels = int(self._file.samplerate), int(self._file.channels)
        self.frames = int(self._file.frames)
        self.subtype: str = self._file.subtype
        self._bits = _BITS.get(self.subtype, 0)
        if as_floats and self._bits:
            self.subtype = "DOUBLE" if self._bits == _WORD else "FLOAT"
            self._bits = 0
        if not self.frames:
            self.close()
            raise SoundError(f"sound must have samples, got none in {path}")

    def read(self, frames: int) -> Native:
        """The next frames ``[frames, channels]``, fewer at the end."""
        begin = self._file.tell()
        wanted = min(frames, self.frames - begin)
        with _explained(self._path):
            native = self._file.read(wanted, dtype="int32" if self._bits else "float64", always_2d=True)
        if len(native) < wanted:
            end = begin + len(native)
            raise SoundError(
                f"sound must be whole, got {self._path} that ends after {end} of {self.frames} frames"
            )
        return np.asarray(native)

    def seek(self, frame: int) -> None:
        """Go on reading at a frame."""
        with _explained(self._path):
            self._file.seek(frame)

    def to_audio(self, native: Native) -> Audio:
        """The same as float32, full scale being 1."""
        scale = 2.0 ** (1 - _WORD) if self._bits else 1.0
        return (native * scale).astype(np.float32)

    def to_native(self, audio: Audio) -> Native:
        """What the file would have for float32 samples: rounded to its bits, and within them."""
        if not self._bits:
            return audio.astype(np.float64)
        largest = 2.0 ** (self._bits - 1)
        steps = np.clip(np.rint(audio.astype(np.float64) * largest), -largest, largest - 1.0)
        return (steps * 2.0 ** (_WORD - self._bits)).astype(np.int32)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


class SoundWriter:
    """A sound file like one that is read, in the format of its ending; whole or not there at all."""

    def __init__(self, path: Path, like: SoundReader) -> None:
        self._path = path
        self._beside = path.with_name(f".{path.name}.part")
        kind, subtype = _format_of(path, like)
        with _explained(path, "output must be a writable sound file"):
            self._file = soundfile.SoundFile(
                self._beside, "w", like.sample_rate, like.channels, subtype, format=kind
            )

    def write(self, native: Native) -> None:
        """The next frames, as `SoundReader.read` gives them."""
        with _explained(self._path, "output must be a writable sound file"):
            self._file.write(native)

    def finish(self) -> None:
        """Give the file its name."""
        with _explained(self._path, "output must be a writable sound file"):
            self._file.close()
            self._beside.replace(self._path)

    def discard(self) -> None:
        """Leave nothing, unless it is finished."""
        with contextlib.suppress(OSError, RuntimeError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._beside.unlink(missing_ok=True)


def check_target(target: Path, source: Path, *, overwrite: bool) -> None:
    """Raise `ParameterError` for a target that is there, unless it may be written over, or is the source."""
    check_unused(target, overwrite=overwrite)
    if target.exists() and source.exists() and target.samefile(source):
        raise ParameterError(f"output must be another file than the sound, got {target}")


def write_sound(target: Path, like: SoundReader, pieces: Iterable[Native]) -> None:
    """Write a file like one that is read; what stops on the way leaves nothing."""
    writer = SoundWriter(target, like)
    try:
        for piece in pieces:
            writer.write(piece)
        writer.finish()
    finally:
        writer.discard()


def _format_of(path: Path, like: SoundReader) -> tuple[str, str]:
    """Format and subtype for libsndfile."""
    kind = path.suffix.lstrip(".").upper()
    known = soundfile.available_formats()
    if kind not in known:
        endings = ", ".join(f".{name.lower()}" for name in ("WAV", "FLAC", "AIFF", "W64", "OGG"))
        raise SoundError(f"output must end with one of {endings}, got {path.name}")
    subtypes = [like.subtype, "FLOAT", str(soundfile.default_subtype(kind))]
    subtype = next(subtype for subtype in subtypes if soundfile.check_format(kind, subtype))
    size = like.frames * like.channels * (_BITS.get(subtype, _WORD) // 8)
    return ("RF64" if kind == "WAV" and size > _LARGEST_WAV else kind), subtype


@contextlib.contextmanager
def _explained(path: Path, rule: str = "sound must be an audio file that can be read") -> Iterator[None]:
    """Turn what libsndfile and the system say into one line."""
    try:
        yield
    except (OSError, RuntimeError, TypeError, ValueError) as error:  # libsndfile's own is a RuntimeError
        reason = getattr(error, "strerror", None) or getattr(error, "error_string", None) or str(error)
        if not path.exists() and rule.startswith("sound"):
            reason = "no such file"
        raise SoundError(f"{rule}, got {path} ({reason.rstrip('. ')})") from error
