"""The live strip, offline: a control log or a MIDI file to a WAV file, faster than real time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import soundfile

from tsumami.bridge.session.programs import PresetPrograms
from tsumami.bridge.session.setup import Setup
from tsumami.engine import Strip
from tsumami.engine.config import EngineConfig
from tsumami.engine.errors import SessionError
from tsumami.engine.events import EVENT_DTYPE, THROUGH_MACROS, Events, Kind
from tsumami.engine.instrument import create_effect, create_instrument
from tsumami.engine.macros.loading import load_macros
from tsumami.engine.macros.thread import CONTROL_PERIOD_SECONDS, MacroFeed
from tsumami.engine.patch_events import patch_events
from tsumami.engine.ring import Ring

Block = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Take:
    """What to render: events with absolute sample times, sorted, and the length in samples."""

    events: Events
    end: int


class Progress(Protocol):
    """Told after each block how many frames are done."""

    def __call__(self, frames: int, /) -> object:
        """Take note."""
        ...


def render_log(setup: Setup, take: Take, programs: PresetPrograms | None = None) -> Iterator[Block]:
    """Play a log again: its parameter events are what the macros made of the knobs in the live take.

    Yields blocks of float32 ``[frames, 2]``. The same samples as the live take, bit for bit, because
    every stage gives the same samples however time is cut into blocks; except across a restart of
    the engine, which loses the sounding voices, or on another machine, whose compiled kernels may
    round differently. A plugin that plays alike each time does so here; ``programs`` are its presets.
    """
    strip = _strip(setup)
    for begin in range(0, take.end, setup.config.settings.block_size):
        frames = min(setup.config.settings.block_size, take.end - begin)
        due = _due(take.events, begin, begin + frames)
        _load_programs(due, programs)
        yield strip.run(frames, due)


def render_performance(setup: Setup, take: Take, programs: PresetPrograms | None = None) -> Iterator[Block]:
    """Play a performance with its knob moves through the macros, decoded every control period.

    Yields blocks of float32 ``[frames, 2]``. Offline a knob takes effect at the next control period
    (4 ms); live it does as soon as it is decoded. The delay of plugins is taken out: a note sounds at
    its time in the file. ``programs`` are the presets of an instrument that is a plugin.
    """
    strip = _strip(setup)
    macros = None if setup.config.macro_model is None else _OfflineMacros(setup, strip)
    longest = round(CONTROL_PERIOD_SECONDS * setup.sample_rate)
    delay = strip.latency_samples
    for begin in range(0, take.end + delay, longest):
        frames = min(longest, take.end + delay - begin)
        due = _due(take.events, begin, begin + frames)
        if _load_programs(due, programs) and macros is not None and programs is not None:
            macros.take_over(programs.values)
        if macros is not None:
            through_macros = np.isin(due["kind"], (*THROUGH_MACROS, Kind.PATCH))
            macros.advance(due[through_macros], begin)
            due = due[~through_macros]
        block = strip.run(frames, due)
        if begin + frames > delay:
            yield block[max(delay - begin, 0) :]


def _load_programs(events: Events, programs: PresetPrograms | None) -> bool:
    """Load the presets that are asked for; whether any was."""
    if programs is None:
        return False
    loaded = [programs.load(int(item["index"])) for item in events[events["kind"] == Kind.PATCH]]
    return any(name is not None for name in loaded)


def write_wav(path: Path, blocks: Iterator[Block], sample_rate: int, progress: Progress) -> None:
    """Write blocks to a 32-bit float WAV file, beside its name first, so that it is whole or not there."""
    partial = path.with_name(f".{path.name}.part")
    try:
        with soundfile.SoundFile(
            partial, "w", samplerate=sample_rate, channels=2, format="WAV", subtype="FLOAT"
        ) as file:
            for block in blocks:
                file.write(block)
                progress(len(block))
        partial.replace(path)
    except (OSError, soundfile.SoundFileError) as error:
        raise SessionError(
            f"output {str(path)!r} must be in a folder that exists and can be written to ({error})"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


class _OfflineMacros:
    """The inference thread's work, stepped by the strip's own clock."""

    def __init__(self, setup: Setup, strip: Strip) -> None:
        config: EngineConfig = setup.config
        self._patches = setup.patches
        self._ring = Ring.allocate(EVENT_DTYPE, 4096)
        self._sample_rate = setup.sample_rate
        assert config.macro_model is not None
        loaded = load_macros(config.macro_model, config.provider, setup.parameters, config.macro_axes)
        processor = loaded.processor
        processor.load(np.array(config.values, np.float32))
        self._feed = MacroFeed(processor, self._ring, strip.parameters, strip.meters)

    def take_over(self, values: npt.NDArray[np.float32]) -> None:
        """Move from the patch ``values`` that the instrument has taken."""
        self._ring.push(patch_events(values, is_there=True))

    def advance(self, events: Events, sample: int) -> None:
        """Hand over what is due and decode once."""
        for item in events:
            if item["kind"] != Kind.PATCH:
                self._ring.push(item.reshape(1))
            elif item["index"] < len(self._patches):
                self._ring.push(patch_events(self._patches[item["index"]].values))
        now_ns = (sample * 1_000_000_000) // self._sample_rate
        self._feed.advance(lambda: now_ns)


def _strip(setup: Setup) -> Strip:
    instrument = create_instrument(setup.config.instrument)
    effects = [create_effect(source) for source in setup.config.effects]
    strip = Strip(instrument, setup.config.settings, effects=effects)
    instrument.set_parameters(np.array(setup.config.values, np.float32))
    return strip


def _due(events: Events, begin: int, end: int) -> Events:
    first, last = np.searchsorted(events["time"], (begin, end))
    return events[first:last]
