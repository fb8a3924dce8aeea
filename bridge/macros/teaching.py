"""Teaching: what `tsumami macros` does with a session, its model and the file of what was taught."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tsumami.bridge.macros.taught import (
    Pair,
    Taught,
    TaughtMacro,
    read_taught,
    remove_taught,
    taught_path,
    write_taught,
)
from tsumami.bridge.macros.taught_axis import DECIMALS, TaughtAxes
from tsumami.bridge.macros.taught_session import check_taught, model_hash
from tsumami.bridge.macros.taught_sounds import InstrumentSounds, latent_of
from tsumami.bridge.session.errors import known_name, nearest
from tsumami.bridge.session.session import load_session
from tsumami.bridge.session.setup import model_path
from tsumami.engine.errors import ModelError, ParameterError, SessionError
from tsumami.engine.inference.contract_file import read_contract
from tsumami.engine.macros.model import MacroModel


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one macro was taught: its pairs, how far its axis turned, and which pairs agree with it."""

    macro: str
    pairs: tuple[Pair, ...]
    angle_degrees: float
    agreed_before: int
    """How many pairs the model's own axis puts the right way round."""
    unmet: tuple[Pair, ...]
    """Pairs that the taught axis does not: others contradict them, or the latent cannot tell them."""

    @property
    def agree(self) -> int:
        """How many pairs the taught axis puts the right way round."""
        return len(self.pairs) - len(self.unmet)


class Teaching:
    """A session file's macros. Raises `SessionError` or `ModelError` for what cannot be taught."""

    def __init__(self, session: Path) -> None:
        self._session = load_session(session)
        if self._session.instrument.kind == "plugin" and self._session.macros.model == "builtin":
            raise SessionError(
                f"{session}: macros.model must be a model of the plugin, got builtin; "
                "train one with `tsumami train macros`"
            )
        self._model = model_path(self._session)
        self._axes = TaughtAxes(read_contract(self._model))
        if not self._axes.names:
            raise ModelError(
                f"model must have macros to be taught, got none in {self._model.name}; "
                "train one that can be undone, such as Flow_coupling"
            )
        self.path = taught_path(session)
        """The file of what was taught, whether it is there or not."""

    @property
    def names(self) -> tuple[str, ...]:
        """The macros of the session's model."""
        return self._axes.names

    def teach(self, macro: str, more: Sequence[str], than: Sequence[str]) -> Lesson:
        """Let each sound of ``more`` be more of ``macro`` than that of ``than``, and keep it."""
        self._check(macro)
        if len(more) != len(than) or not more:
            raise ParameterError(
                f"pairs must be one --than for each --more, at least one, got {len(than)} and {len(more)}"
            )
        taught = self._taught() or Taught(self._model.name, model_hash(self._model))
        before = taught.macro(macro) or TaughtMacro(macro, (), ())
        pairs = before.with_pairs(self._pairs(more, than))
        direction = self._axes.fit(macro, [pair.difference for pair in pairs])
        lesson = TaughtMacro(macro, tuple(direction.tolist()), pairs)
        write_taught(self.path, taught.with_macro(lesson))
        return self._lesson(lesson)

    def lessons(self) -> tuple[Lesson, ...]:
        """What all macros were taught."""
        taught = self._taught()
        return () if taught is None else tuple(map(self._lesson, taught.macros))

    def forget(self, macro: str | None) -> tuple[str, ...]:
        """Undo what ``macro``, or every macro, was taught; the names of those that had been taught."""
        if macro is None:
            return self._forget_all()
        taught = read_taught(self.path)
        if taught is None or taught.macro(macro) is None:
            self._check(macro)
            return ()
        left = taught.without(macro)
        if left.macros:
            write_taught(self.path, left)
        else:
            remove_taught(self.path)
        return (macro,)

    def _forget_all(self) -> tuple[str, ...]:
        try:
            taught = read_taught(self.path)
            names = () if taught is None else tuple(macro.name for macro in taught.macros)
        except SessionError:  # this is the remedy for a broken file
            names = self.names
        remove_taught(self.path)
        return names

    def _check(self, macro: str) -> None:
        if macro not in self.names:
            raise ParameterError(
                f"macro must be {known_name(self.names)}, got {macro!r}{nearest(macro, self.names)}"
            )

    def _taught(self) -> Taught | None:
        taught = read_taught(self.path)
        if taught is not None:
            check_taught(taught, self.path, self._model, self._axes)
        return taught

    def _pairs(self, more: Sequence[str], than: Sequence[str]) -> list[Pair]:
        sounds, model = InstrumentSounds(self._session), MacroModel(self._model, "cpu")
        pairs = []
        for asked in zip(more, than, strict=True):
            (upper, first), (lower, second) = map(sounds.find, asked)
            difference = (latent_of(model, first) - latent_of(model, second)).round(DECIMALS)
            if not self._axes.tells_apart(difference):
                raise ParameterError(
                    f"pair must be two sounds that the macros can tell apart, got {upper!r} and {lower!r}"
                )
            pairs.append(Pair(upper, lower, tuple(difference.tolist())))
        return pairs

    def _lesson(self, macro: TaughtMacro) -> Lesson:
        differences = [pair.difference for pair in macro.pairs]
        own = self._axes.own(macro.name)
        agreeing = self._axes.agreeing(macro.direction, differences)
        return Lesson(
            macro.name,
            macro.pairs,
            self._axes.angle_degrees(macro.name, macro.direction),
            int(self._axes.agreeing(own, differences).sum()),
            tuple(pair for pair, agrees in zip(macro.pairs, agreeing, strict=True) if not agrees),
        )
