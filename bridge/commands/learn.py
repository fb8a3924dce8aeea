"""`tsumami learn`: map a knob by turning it."""

import json as json_module
import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def learn(
    session: Annotated[Path, typer.Argument(metavar="SESSION.toml", help="Session file; may be new.")],
    macro: Annotated[str | None, typer.Option(help="Macro that the knob is to move.")] = None,
    latent: Annotated[
        int | None, typer.Option(help="Dimension of the macro model's latent, from 0.", min=0)
    ] = None,
    parameter: Annotated[str | None, typer.Option(help="Parameter that the knob is to move.")] = None,
    effect: Annotated[str | None, typer.Option(help="Effect that the parameter is of.")] = None,
    bypass: Annotated[bool, typer.Option("--bypass", help="The button is to bypass that effect.")] = False,
    gain: Annotated[bool, typer.Option("--gain", help="The knob is to move the output gain.")] = False,
    tempo: Annotated[bool, typer.Option("--tempo", help="The knob is to move the tempo.")] = False,
    loop: Annotated[
        str | None, typer.Option(help="What is to be moved of the loop player: level, turn, density, mute, …")
    ] = None,
    repair: Annotated[
        str | None, typer.Option(help="What is to be moved of the input's repair: on or hold.")
    ] = None,
    groove: Annotated[
        str | None, typer.Option(help="What is to be moved of the groove: reset, sensitivity or reference.")
    ] = None,
    action: Annotated[
        str | None, typer.Option(help="What the button is to do: recall, store, undo, redo, compare, panic.")
    ] = None,
    slot: Annotated[int | None, typer.Option(help="Snapshot that the action is about.")] = None,
    morph: Annotated[
        tuple[int, int] | None, typer.Option(help="Snapshots that the knob is to go between.")
    ] = None,
    takeover: Annotated[
        str | None,
        typer.Option(help="How the knob takes over: jump, pickup or scale; encoders are told by themselves."),
    ] = None,
    this_channel: Annotated[
        bool, typer.Option("--this-channel", help="Listen to the channel of the knob only, not to all.")
    ] = False,
    seconds: Annotated[float, typer.Option(help="How long to wait for the knob.", min=1)] = 30.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Turn a knob, and the session file has a map of it.

    tsumami learn show.toml --macro bright
    tsumami learn show.toml --action recall --slot 1
    """
    from tsumami.bridge.learn import add_map, learn_knob
    from tsumami.bridge.session.map_tables import Map
    from tsumami.bridge.session.session import load_session
    from tsumami.bridge.session.tables import Session
    from tsumami.engine.errors import SessionError

    target: dict[str, Any] = {
        "macro": macro,
        "latent": latent,
        "parameter": parameter,
        "effect": effect,
        "bypass": bypass or None,
        "gain": gain or None,
        "tempo": tempo or None,
        "loop": loop,
        "repair": repair,
        "groove": groove,
        "action": action,
        "slot": slot,
        "morph": morph,
        "takeover": takeover,
    }
    chosen = {name: value for name, value in target.items() if value is not None}
    _check(chosen, Map, SessionError)
    begun = load_session(session, _say) if session.exists() else Session()
    learned = learn_knob(begun, seconds, _say)
    entry = {**learned.fields, **({"channel": learned.channel} if this_channel else {}), **chosen}
    if learned.fields.get("takeover") == "relative":
        entry["takeover"] = "relative"
    is_new = add_map(session, entry)
    if json:
        print(json_module.dumps({"file": str(session), "knob": learned.label, "map": entry, "new": is_new}))
    else:
        _say(f"{learned.label} {'is mapped' if is_new else 'was mapped already'}: {session}")


def _check(chosen: dict[str, Any], table: Any, kind: type[Exception]) -> None:
    """Refuse what could not be mapped before anybody turns a knob."""
    import msgspec

    try:
        msgspec.convert({"cc": 0, **chosen}, table)
    except msgspec.ValidationError as error:
        raise kind(f"target must be one that a map can have: {error}") from None


def _say(text: str) -> None:
    print(f"tsumami: {text}", file=sys.stderr)
