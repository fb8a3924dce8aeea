"""What a sound is called, as numbers: pairs of opposite tags, a person's or, where there are none, measured.

Few banks are tagged; amsynth's are not. There, or where tags are too few, the macros' descriptors stand in:
the lowest and the highest quarter of the training sounds get the two labels of a macro, the half between gets
none, as in the paper (section 4.1), where presets that carry neither word of a pair are many.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.plugins.presets.tags import TAG_PAIRS
from tsumami.training.macros.descriptors import LABELS, MACROS
from tsumami.training.macros.sounds import Sounds

Labels = npt.NDArray[np.float32]

LEAST_LABELS: Final = 10
"""So many presets must carry either word of a pair for it to be learned."""

_PAIRS: Final = tuple((low[0], high[0]) for low, high in TAG_PAIRS)
_QUARTER = 0.25
_MONO = "wide"
"""The macro that a sound of one channel says nothing about."""


@dataclass(frozen=True, slots=True)
class Labeller:
    """Pairs of opposites ``(low, high)``; with quantiles when they are measured, float32 ``[2, pairs]``."""

    pairs: tuple[tuple[str, str], ...]
    quartiles: npt.NDArray[np.float32] | None = None

    @classmethod
    def of(cls, sounds: Sounds) -> "Labeller":
        """A person's pairs, of which the training ``sounds`` name both words often, else the descriptors'."""
        labels = _tagged(sounds)
        rarer = np.minimum((labels < 0).sum(axis=0), (labels > 0).sum(axis=0))
        named = [pair for pair, count in zip(_PAIRS, rarer, strict=True) if count >= LEAST_LABELS]
        if named:
            return cls(tuple(named))
        columns = _measured(sounds)
        pairs = tuple(LABELS[macro] for macro in MACROS if macro != _MONO)
        return cls(pairs, np.quantile(columns, [_QUARTER, 1 - _QUARTER], axis=0).astype(np.float32))

    def note(self, sounds: Sounds) -> str:
        """Where the labels of ``sounds`` come from, in one line for whoever waits for a training."""
        if self.quartiles is not None:
            return (
                "labels: measured on the sounds, as there is no pair of tags of which both words are named "
                f"{LEAST_LABELS} times"
            )
        labelled = np.count_nonzero(self.labels(sounds).any(axis=1))
        pairs = ", ".join(" or ".join(pair) for pair in self.pairs)
        return f"labels: tags of {labelled} of {len(sounds)} presets, {pairs}"

    def labels(self, sounds: Sounds) -> Labels:
        """-1 for the low side, 1 for the high one, 0 for neither, float32 ``[n, pairs]``."""
        if self.quartiles is None:
            return _tagged(sounds)[:, [_PAIRS.index(pair) for pair in self.pairs]]
        columns = _measured(sounds)
        return np.asarray(
            (columns > self.quartiles[1]).astype(np.float32) - (columns < self.quartiles[0]), np.float32
        )


def _measured(sounds: Sounds) -> npt.NDArray[np.float32]:
    kept = [column for column, macro in enumerate(MACROS) if macro != _MONO]
    return sounds.descriptors[:, kept]


def _tagged(sounds: Sounds) -> Labels:
    """Of each pair the side that the tags name, if it is only one."""
    rows = [
        [bool(words.intersection(high)) - int(bool(words.intersection(low))) for low, high in TAG_PAIRS]
        for words in map(frozenset, sounds.tags)
    ]
    return np.array(rows, np.float32).reshape(len(rows), len(TAG_PAIRS))
