"""`tsumami bench timbre`: its rows are there, and an answer counts what must be heard first."""

from tsumami.bridge.bench import timbre


def test_steps_searches_and_answers_are_timed() -> None:
    report = timbre.run(rounds=10, notes=4)
    assert report.bench == "timbre-live"
    values = {row.what: row.value for row in report.rows}
    assert len(values) == 8
    assert all(value > 0 for value in values.values())
    assert values["from letting a note go to its nearest presets, p50"] > 20
