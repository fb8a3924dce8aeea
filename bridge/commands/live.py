"""`tsumami live`: play."""

import json as json_module
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer


def live(
    session: Annotated[Path | None, typer.Argument(help="Session file (TOML); defaults without one.")] = None,
    device: Annotated[
        str | None, typer.Option(help='Audio device: "auto", "null", or part of its name.')
    ] = None,
    api: Annotated[str | None, typer.Option(help="Sound system to look in, such as JACK or ALSA.")] = None,
    heard: Annotated[
        str | None,
        typer.Option(
            "--input",
            help='Hear an audio input: "auto" (the device\'s own), or part of its name; or "none".',
        ),
    ] = None,
    repair: Annotated[
        bool | None,
        typer.Option("--repair/--no-repair", help="Continue the input's sound where samples are missing."),
    ] = None,
    repair_model: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|none",
            help="Model that weighs what is continued (ONNX, of `tsumami train mixer`); the one that ships.",
        ),
    ] = None,
    detect: Annotated[
        bool | None,
        typer.Option(
            "--detect/--no-detect", help="Blocks of zeros amid sound, or repeated, are missing too."
        ),
    ] = None,
    sample_rate: Annotated[int | None, typer.Option(help="Samples per second.")] = None,
    block_size: Annotated[int | None, typer.Option(help="Frames per audio callback.")] = None,
    plugin: Annotated[
        Path | None, typer.Option(help="VST3 instrument to play instead of the built-in synthesizer.")
    ] = None,
    preset: Annotated[Path | None, typer.Option(help="Preset that the plugin starts with.")] = None,
    patch: Annotated[str | None, typer.Option(help="Name of the first patch.")] = None,
    provider: Annotated[str | None, typer.Option(help="Where models run: auto, cpu or cuda.")] = None,
    controller: Annotated[
        str | None, typer.Option(help="Map the knobs and buttons of a common controller, such as midimix.")
    ] = None,
    loop: Annotated[
        Literal["none", "bass", "drums"] | None, typer.Option(help="Play generated loops beside it.")
    ] = None,
    groove: Annotated[
        bool | None,
        typer.Option(
            "--groove/--no-groove", help="Show how early or late the input's drums are, on the page."
        ),
    ] = None,
    groove_reference: Annotated[
        Path | None, typer.Option(help="MIDI file or recording that they are held against.")
    ] = None,
    timbre_index: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|builtin",
            help="Find sounds by ear on the page, in a file of `tsumami timbre index`.",
        ),
    ] = None,
    bpm: Annotated[float | None, typer.Option(help="Tempo, where this session leads it.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where this session ended last, however it ended.")
    ] = False,
    osc_port: Annotated[
        int | None, typer.Option(help="UDP port to hear OSC on, and to say what moves; 0: any that is free.")
    ] = None,
    osc_host: Annotated[
        str | None, typer.Option(help="Address to hear OSC on, this computer alone without it.")
    ] = None,
    page: Annotated[
        bool | None,
        typer.Option("--page/--no-page", envvar="TSUMAMI_PAGE", help="Serve a page for a browser."),
    ] = None,
    page_port: Annotated[int | None, typer.Option(help="TCP port of the page; 0: any that is free.")] = None,
    page_host: Annotated[
        str | None,
        typer.Option(help="Address to serve the page on, with --page-token; this computer's own without it."),
    ] = None,
    page_token: Annotated[
        str | None,
        typer.Option(envvar="TSUMAMI_PAGE_TOKEN", help="Word without which the page shows nothing."),
    ] = None,
    demo: Annotated[
        bool | None,
        typer.Option(
            "--demo/--no-demo", help="Play the demonstration; by itself when there is no MIDI input."
        ),
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after this time.", min=0)] = None,
    record: Annotated[
        Path | None, typer.Option(help="Record the output to a WAV file; an older take is kept.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option(help="Log every control event with its sample time; likewise.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Keep the view's last picture (SVG).")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="End with one JSON document on standard output.")
    ] = False,
) -> None:
    """Play a synth, built in or a plugin: MIDI in, sound out, eight knobs on CC 20-27."""
    from tsumami.bridge.live.live import LiveOptions, LiveSession
    from tsumami.bridge.midi.jack_graph import is_jack_stuck
    from tsumami.bridge.session.overrides import overridden
    from tsumami.bridge.session.session import load_session
    from tsumami.engine.errors import SessionError

    notes: list[str] = []
    begun = load_session(session, notes.append)
    if preset is not None and plugin is None and begun.instrument.kind != "plugin":
        raise SessionError(
            f"--preset must stand with --plugin PATH, got {preset} alone; --patch is for patches"
        )
    chosen = overridden(
        begun,
        device={"name": device, "api": api, "sample_rate": sample_rate, "block_size": block_size},
        input=_input(heard, repair) | {"model": _model(repair_model), "detect": detect},
        instrument={
            "patch": patch,
            "kind": None if plugin is None else "plugin",
            "path": _absolute(plugin),
            "preset": _absolute(preset),
        },
        macros={"provider": provider},
        midi={"controller": controller},
        osc={"port": osc_port, "host": osc_host},
        loop={"kind": loop},
        groove={
            "on": True if groove is None and groove_reference is not None else groove,
            "reference": _absolute(groove_reference),
        },
        timbre={"index": _model(timbre_index)},
        tempo={"bpm": bpm},
        page={"on": page, "port": page_port, "host": page_host},
    )
    options = LiveOptions(
        seconds=seconds,
        record=record or _recording(chosen.output.record),
        log=log,
        demo=demo,
        picture=picture,
        path=session,
        resume=resume,
        notes=tuple(notes),
        page_token=page_token,
    )
    summary = LiveSession(chosen, options).run()
    if json:
        print(json_module.dumps(summary), flush=True)
    else:
        _say(summary)
    if is_jack_stuck():
        sys.stdout.flush()
        os._exit(0)


def _input(name: str | None, repair: bool | None) -> dict[str, str | bool | None]:
    """The fields of the session's input that ``--input`` and ``--repair`` stand for."""
    if name == "none":
        return {"source": name, "repair": bool(repair)}
    return {"source": None if name is None else "device", "device": name, "repair": repair}


def _model(name: str | None) -> str | None:
    """A file for the log, or a name."""
    return name if name in (None, "none", "builtin") else _absolute(Path(name))


def _absolute(path: Path | None) -> str | None:
    """For the log, which may be rendered from another folder."""
    return None if path is None else str(path.absolute())


def _recording(path: str | None) -> Path | None:
    return None if path is None else Path(path)


def _say(summary: dict[str, Any]) -> None:
    """The summary as a person reads it: the counts first."""
    print(
        "{seconds} s on {device}, {blocks} blocks of {block_size} at {sample_rate} Hz: {missed} missed, "
        "{late_inference} late decodes, {clipped} samples limited, peak {peak_dbfs} dBFS, "
        "latency {latency_ms} ms".format(**summary)
    )
    if summary["input"] is not None:
        print(
            "input from {device}: {lost_blocks} blocks lost, {overflows} overflows, peak {peak_dbfs} dBFS, "
            "latency {latency_ms} ms".format(**summary["input"])
        )
        if summary["input"]["repair"] is not None:
            print(
                "repair of {gaps} gaps, {late} without weights: {repaired_ms} ms continued, longest gap "
                "{longest_ms} ms, {fits} fits".format(**summary["input"]["repair"])
            )
