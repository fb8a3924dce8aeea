"""`tsumami groove`: how far a drum performance leans from its grid."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from tsumami.bridge.groove.analysis import Groove
    from tsumami.bridge.groove.live import LiveGroove


def groove(
    sound: Annotated[
        Path | None, typer.Argument(help="Recording of drums: WAV, FLAC, AIFF, OGG …; or none with --live.")
    ] = None,
    bpm: Annotated[float | None, typer.Option(help="Tempo that was played to; found if left out.")] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="MIDI file or recording of what was meant: hits are compared with its hits."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Picture (PNG) of one page.")] = None,
    midi: Annotated[
        Path | None, typer.Option(help="MIDI file to write: the groove as a template of two bars.")
    ] = None,
    apply: Annotated[
        Path | None, typer.Option(help="MIDI file that the groove is put onto; --midi is then the result.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Hear an audio input, until Ctrl-C.")] = False,
    click: Annotated[bool, typer.Option("--click", help="Live: play a click at --bpm to play to.")] = False,
    clock: Annotated[
        Literal["midi", "link"] | None,
        typer.Option(help="Live: the clock that is played to, MIDI clock or Ableton Link."),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate", help="Live: measure the way from click to hearing by cable or microphone; keep it."
        ),
    ] = False,
    heard: Annotated[
        str | None, typer.Option("--input", help="Live: audio input, part of its name; the device's own.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Live: audio device, part of its name.")] = None,
    api: Annotated[str | None, typer.Option(help="Live: sound system, such as JACK or ALSA.")] = None,
    sample_rate: Annotated[int | None, typer.Option(help="Live: samples per second.")] = None,
    block_size: Annotated[int | None, typer.Option(help="Live: frames per audio callback.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Live: stop after this time.", min=0)] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Show how a drum performance leans from its grid, hit by hit: timing, swing, dynamics, ghost notes."""
    from tsumami.bridge.groove.written import Written, check_written, write_groove

    is_live = live or calibrate
    _check_sound(
        sound,
        is_live=is_live,
        live_alone={
            "--click": click or None, "--clock": clock, "--input": heard, "--device": device, "--api": api,
            "--sample-rate": sample_rate, "--block-size": block_size, "--seconds": seconds,
        },
    )  # fmt: skip
    _check_grid(bpm, {"--click": click or None, "--clock": clock, "--reference": reference})
    written = Written(plot, midi, apply)
    check_written(written, overwrite=force)
    facts: dict[str, Any] | None = None
    if is_live:
        tables: dict[str, dict[str, Any]] = {
            "device": {"name": device, "api": api, "sample_rate": sample_rate, "block_size": block_size},
            "input": {"source": "device", "device": heard},
        }
        session = _live(tables, bpm, reference, click=click, clock=clock, seconds=seconds)
        if calibrate:
            print(session.calibrate())
            return
        found, facts = session.run()
    else:
        from tsumami.bridge.groove.analysis import analyse

        assert sound is not None
        found = analyse(sound, bpm, reference)
    _show(found, facts, write_groove(found, written), as_json=json)


def _check_sound(sound: Path | None, *, is_live: bool, live_alone: dict[str, Any]) -> None:
    """Refuse to hear both or neither, and options of a live input for a recording."""
    from tsumami.engine.errors import ParameterError

    if sound is None and not is_live:
        raise ParameterError("sound must be a recording, got none; or hear an input with --live")
    if sound is not None and is_live:
        raise ParameterError(f"sound must be none with --live, got {sound}")
    wrong = next((name for name, value in live_alone.items() if value is not None), None)
    if wrong is not None and not is_live:
        raise ParameterError(f"{wrong} must stand with --live, got a recording")


def _check_grid(bpm: float | None, sources: dict[str, Any]) -> None:
    """Refuse a grid that comes from two sources, or a click of no tempo."""
    from tsumami.engine.errors import ParameterError

    given = [name for name, value in sources.items() if value is not None]
    if len(given) > 1:
        raise ParameterError(f"the grid must come from one source, got {' and '.join(given)}")
    if "--click" in given and bpm is None:
        raise ParameterError("--bpm must be given with --click, got none")


def _live(
    tables: dict[str, dict[str, Any]],
    bpm: float | None,
    reference: Path | None,
    *,
    click: bool,
    clock: Literal["midi", "link"] | None,
    seconds: float | None,
) -> "LiveGroove":
    """A live session, not yet begun."""
    from tsumami.bridge.groove.analysis import check_bpm
    from tsumami.bridge.groove.live import LiveGroove, LiveOptions
    from tsumami.bridge.groove.reference_file import read_reference
    from tsumami.bridge.session.overrides import overridden
    from tsumami.bridge.session.tables import Session
    from tsumami.bridge.tempo.outer_clock import make_clock

    check_bpm(bpm)
    options = LiveOptions(
        bpm=bpm,
        has_click=click,
        reference=None if reference is None else read_reference(reference, bpm),
        clock=None if clock is None else make_clock(clock),
        seconds=seconds,
    )
    return LiveGroove(overridden(Session(), **tables), options)


def _show(found: "Groove", facts: dict[str, Any] | None, lines: list[str], *, as_json: bool) -> None:
    import json as json_module

    from rich.console import Console

    from tsumami.bridge.groove.report import print_groove

    if as_json:
        document = found.document()
        if facts is not None:
            document["session"] = facts
        print(json_module.dumps(document, allow_nan=False))
        return
    print_groove(found, Console())
    for line in lines:
        print(line)
