"""Patches played one generation after another by the same processes."""

import numpy as np
import numpy.typing as npt
import pytest

from tests.amsynth import require_amsynth
from tests.plugins.amsynth_plugin import PLUGIN
from tsumami.engine.errors import ParameterError
from tsumami.plugins import PARAMETERS
from tsumami.plugins.match.mel import mel_power
from tsumami.plugins.match.player import PatchPlayer
from tsumami.plugins.match.search import refine
from tsumami.plugins.offline import RenderSettings, render_preset
from tsumami.plugins.offline.pool import POOL

Values = npt.NDArray[np.float32]
SHORT = RenderSettings(hold_seconds=0.2, length_seconds=0.3, warm_up_seconds=0.0)


def test_processes_are_kept_until_it_is_closed() -> None:
    with PatchPlayer("builtin", ["cutoff"], SHORT, workers=1) as player:
        first = player.play(np.array([[0.2], [0.8]], np.float32))
        processes = POOL.process_ids()
        again = player.play(np.array([[0.8], [0.2], [0.2]], np.float32))
        assert POOL.process_ids() == processes
        assert len(processes) == 1
    assert POOL.process_ids() == []
    np.testing.assert_array_equal(again, first[[1, 0, 0]])
    assert not np.array_equal(first[0], first[1])


def test_what_is_not_set_is_as_when_loaded() -> None:
    with PatchPlayer("builtin", [], SHORT, workers=1) as player:
        np.testing.assert_array_equal(
            player.play(np.zeros((1, 0), np.float32))[0], render_preset("builtin", settings=SHORT)
        )
        assert player.play(np.zeros((0, 0), np.float32)).shape == (0, round(0.3 * 22_050))


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ParameterError, match="one of Tsumami, got 'brilliance', which it has 0 times"):
        PatchPlayer("builtin", ["brilliance"], SHORT).play(np.zeros((1, 1), np.float32))


def test_rows_serve_as_well_as_names_and_the_others_stand_where_they_are_told() -> None:
    values, base = np.array([[0.3]], np.float32), np.full(len(PARAMETERS), 0.5, np.float32)
    row = [parameter.name for parameter in PARAMETERS].index("cutoff")
    with PatchPlayer("builtin", [row], SHORT, workers=1) as player:
        by_row, patch = player.play(values, base), player.whole(values, base)[0]
    with PatchPlayer("builtin", ["cutoff"], SHORT, workers=1) as player:
        np.testing.assert_array_equal(player.play(values, base), by_row)
    base[row] = 0.3
    np.testing.assert_array_equal(patch, base)


def test_a_plugin_is_searched_for_a_sound_of_its_own() -> None:
    require_amsynth()
    names = ["filter_cutoff", "filter_resonance", "amp_attack", "osc_mix"]
    with PatchPlayer(PLUGIN, names, SHORT) as player:

        def mels(values: Values) -> Values:
            return np.stack([mel_power(sound) for sound in player.play(values)])

        wanted = np.array([[0.6, 0.3, 0.1, 0.7]], np.float32)
        target = mels(wanted)[0]
        assert refine(target, wanted, mels, 60.0).distance == 0.0, "fresh renders of a patch are the same"
        found = refine(target, np.full(4, 0.5, np.float32), mels, 60.0, seed=1, most_renders=120)
    assert found.distance < 0.5 * found.start_distance
