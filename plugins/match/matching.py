"""`match_sound`: from a sound to the patch that is nearest, by a model's ear, a library and a search."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError, SoundError
from tsumami.engine.inference.contract import BUILTIN, Contract
from tsumami.engine.macros.sound_model import SoundModel
from tsumami.plugins.match.library import Library
from tsumami.plugins.match.mel import SAMPLE_RATE, mel_power
from tsumami.plugins.match.player import PatchPlayer, Values
from tsumami.plugins.match.search import SILENT, Measure, OnStep, by_power, refine
from tsumami.plugins.match.sound import HeardSound
from tsumami.plugins.offline import RenderSettings
from tsumami.plugins.offline.floor import log_spectral_distance_db, spectral_convergence
from tsumami.plugins.offline.messages import Instrument, Rendered, Sound
from tsumami.plugins.presets.preset import is_same_synth

PREDICTION: Final = "prediction"

_AUDITION: Final = 12
"""Renders for each place to begin, and one more a parameter, before the best of them is gone on with."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A patch that was played for a sound: positions 0-1 of all parameters, float32 ``[all]``, and its mel.

    ``sc`` and ``lsd_db`` are its spectral convergence and log-spectral distance from that sound.
    """

    patch: Values
    mel: Values
    sc: float
    lsd_db: float

    @property
    def is_silent(self) -> bool:
        """Whether there was nothing to hear."""
        return not self.mel.any()


@dataclass(frozen=True, slots=True)
class Match:
    """What was ``found``, beside the model's own answer, the ``prediction``.

    ``start`` is from where the search went on, `PREDICTION` or a preset's name; ``is_whole`` is False when it
    was interrupted.
    """

    found: Heard
    prediction: Heard
    start: str
    renders: int
    seconds: float
    is_whole: bool = True


def settings_of(contract: Contract, **given: float | None) -> RenderSettings:
    """How a model's sounds are played: as those it learned from, but for what is ``given`` and not None.

    Names are ``note``, ``velocity`` and ``hold_seconds``. `ParameterError` for a value out of its range.
    """
    facts = {**contract.render, **{name: value for name, value in given.items() if value is not None}}
    return RenderSettings(
        note=int(facts["note"]),
        velocity=int(facts["velocity"]),
        hold_seconds=facts["hold_seconds"],
        length_seconds=facts["length_seconds"],
        sample_rate=SAMPLE_RATE,
    )


def check_instrument(contract: Contract, instrument: Instrument) -> None:
    """Raise `ModelError` for a model of another instrument."""
    is_builtin = contract.instrument == BUILTIN
    if is_builtin is not (instrument.path is None) or not (
        is_builtin or is_same_synth(contract.instrument, instrument.name)
    ):
        raise ModelError(
            f"model must be one for {instrument.name}, got {contract.name!r} for {contract.instrument}; "
            "train another with `tsumami train macros --data`"
        )


def player_for(
    contract: Contract, instrument: str | Path, settings: RenderSettings, workers: int | None = None
) -> PatchPlayer:
    """The instrument, with the model's continuous parameters to be set. See `check_instrument`."""
    names = [parameter.name for parameter in contract.continuous]
    player = PatchPlayer(instrument, names, settings, workers)
    try:
        check_instrument(contract, player.instrument)
    except ModelError:
        player.close()
        raise
    return player


def match_sound(
    sound: HeardSound,
    model: SoundModel,
    player: PatchPlayer,
    *,
    library: Library | None = None,
    seconds: float = 0.0,
    seed: int = 0,
    measure: Measure = by_power,
    on_step: OnStep = lambda _seconds, _distance: None,
) -> Match:
    """The patch that is nearest to a sound, by a model and the ``player`` that is made for it.

    The model's answer is played, and the nearest presets of a ``library``. For ``seconds``, the search goes
    on from the best of them; see `tsumami.plugins.match.search.refine`. Raises `SoundError` when nothing
    that is played makes a sound.
    """
    hunt = _Hunt(sound.mel[: sound.bands], player, seed, measure, on_step)
    predictions = [hunt.begin(start) for start in _predictions(sound, model, player)]
    predicted = min(predictions, key=_distance)
    attempts = [*predictions, *(hunt.begin(start) for start in _presets(library, hunt.target, player))]
    if seconds != 0.0:
        end = hunt.elapsed + seconds
        if len(attempts) > 1:
            tries = _AUDITION + len(player.rows)
            attempts = [hunt.go_on(attempt, end, tries) for attempt in attempts]
        attempts = [hunt.go_on(min(attempts, key=_distance), end)]
    best = min(attempts, key=_distance)
    if best.distance >= SILENT:
        raise SoundError("patch must make a sound, got silence from all that were tried; try --presets")
    seconds_taken = hunt.elapsed
    found, prediction = (
        play_for(sound, Sound(player.whole(attempt.values[None], attempt.base)[0]), player)
        for attempt in (best, predicted)
    )
    return Match(found, prediction, best.name, hunt.renders, seconds_taken, hunt.is_whole)


def play_for(sound: HeardSound, patch: Sound, player: PatchPlayer) -> Heard:
    """Play a patch for a sound. Its positions are then as the instrument has them, which may round them."""
    (played,) = player.render([patch])
    silence = np.zeros(1, np.float32)
    audio, values = (played.audio, played.values) if isinstance(played, Rendered) else (silence, patch.values)
    mel = mel_power(audio)
    wanted, got = (np.asarray(one[: sound.bands], np.float64) for one in (sound.mel, mel))
    return Heard(
        values,
        mel,
        spectral_convergence(wanted, got),
        log_spectral_distance_db(wanted.T, got.T),
    )


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A place to begin, or where the search has got to: the model's parameters, and all of them."""

    name: str
    values: Values
    base: Values
    distance: float = np.inf


def _distance(attempt: _Attempt) -> float:
    return attempt.distance


def _predictions(sound: HeardSound, model: SoundModel, player: PatchPlayer) -> Iterator[_Attempt]:
    """What the model hears; of another note than its own, also what it hears of the sound transposed."""
    semitones = model.contract.render["note"] - player.settings.note
    for heard in [sound, sound.transposed(semitones)] if semitones else [sound]:
        positions, choices = model.listen(heard.mel)
        base = player.ready.defaults.copy()
        for parameter, choice in zip(model.contract.discrete, choices, strict=True):
            base[player.row_of(parameter.name)] = choice / max(len(parameter.choices) - 1, 1)
        yield _Attempt(PREDICTION, np.clip(positions, 0.0, 1.0), base)


def _presets(
    library: Library | None, target: npt.NDArray[np.float32], player: PatchPlayer
) -> Iterator[_Attempt]:
    if library is not None:
        for near in library.nearest(target):
            yield _Attempt(near.name, near.patch[player.rows], near.patch)


class _Hunt:
    """The search for one sound: its time and its renders, over all attempts."""

    def __init__(
        self,
        target: npt.NDArray[np.float32],
        player: PatchPlayer,
        seed: int,
        measure: Measure,
        on_step: OnStep,
    ) -> None:
        self.target = target
        self._player, self._seed, self._measure, self._on_step = player, seed, measure, on_step
        self._nearest = np.inf
        self._began = time.perf_counter()
        self.renders = 0
        self.is_whole = True

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._began

    def begin(self, start: _Attempt) -> _Attempt:
        """Play a place to begin, once."""
        return self._tried(start, 0.0, None)

    def go_on(self, attempt: _Attempt, end_seconds: float, most_renders: int | None = None) -> _Attempt:
        """Search on until so long after the beginning; not at all after an interrupt."""
        left = end_seconds - self.elapsed
        if left <= 0.0 or not self.is_whole:
            return attempt
        try:
            return self._tried(attempt, left, most_renders)
        except KeyboardInterrupt:  # before there was anything to keep
            self.is_whole = False
            return attempt

    def _tried(self, attempt: _Attempt, seconds: float, most_renders: int | None) -> _Attempt:
        found = refine(
            self.target,
            attempt.values,
            lambda values: self._mels(values, attempt.base),
            seconds,
            self._seed,
            most_renders=most_renders,
            measure=self._measure,
            on_step=self._step,
        )
        self.renders += found.renders
        self.is_whole &= found.is_whole
        return replace(attempt, values=found.values, distance=found.distance)

    def _mels(self, values: Values, base: Values) -> Values:
        sounds = self._player.play(values, base)
        return np.stack([mel_power(sound) for sound in sounds])[:, : len(self.target)]

    def _step(self, _seconds: float, distance: float) -> None:
        self._nearest = min(self._nearest, distance)
        self._on_step(self.elapsed, self._nearest)
