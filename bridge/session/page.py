"""Writes `docs/session.md`, the page of the session file, from the structs that are its schema.

``python -m tsumami.bridge.session.page docs/session.md``
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from tsumami.bridge.controllers import controller_names, load_controller
from tsumami.bridge.session.tables import TABLES

_HEAD = """# The session file

One TOML file says where the sound goes, which MIDI inputs play, which patch and which macro model are
used, and what the knobs move: `tsumami live FILE`. Every table and every field may be left
out. A file that breaks a rule is refused with its name, the line, the field and the rule:

```
session.toml:2: device.block_size must be a whole number of at least 16, got 8
```

A file of a later version says so by a `version = 2` before its tables. What this version of Tsumami
understands of it is played, everything else is told line by line, and nothing writes over what was not
understood without keeping a copy.

Paths are relative to the session file. [examples/live.toml](../examples/live.toml) is a whole session.
"""

_MAPS = """
Each map has exactly one of `cc`, `nrpn`, `rpn`, `poly_pressure`, `program`, `bend = true` and
`pressure = true`, and exactly one of `macro`, `latent`, `parameter`, `loop`, `repair`, `groove`, `action`,
`morph`, `bypass = true`, `gain = true` and `tempo = true`. A file without any map has CC 20-27 on the eight
macros, in their order, and CC 1 (the modulation wheel) on `moving`; `map = []` at the top of the file means
no maps at all. Several knobs may move one thing, and one knob several. `tsumami learn FILE --macro bright`
waits for a knob to be turned and adds its map to the file.

A patch, a macro or another knob may move a target while its knob stays where it is. `takeover` says what the
knob does when it is turned next:

| `takeover` | |
|---|---|
| `jump` | the target goes where the knob is |
| `pickup` | nothing moves until the knob comes by where the target stands, however fast |
| `scale` | no jump: the target covers the rest of its way to the end as the knob covers its own |
| `relative` | an endless encoder moves the target from where it is, by `step` a tick |

Macros never jump to a knob: where it stands when a patch is loaded means the patch. Neither do dimensions of
the latent, which are what macros are made of: what both move adds up.

An `action` is done when its button is pressed (from 64 on): `recall` and `store` a snapshot, `undo` and
`redo` what has moved, `compare` two states to and fro, `randomise` what is not locked, `panic` for silence
([snapshots.md](snapshots.md)); `tap`, `start` and `stop` are of the tempo ([tempo.md](tempo.md)).
"""

_SENDS = """
An external instrument gets the notes, pedals, bends, pressure and all controllers that no map takes, and of
each `[[send]]` the parameter's present value, on connecting and whenever it changes: so macros, patches and
knobs move a synthesizer of any kind. With the built-in instrument and a `[[send]]` or `midi.output` both
play. [external-synth.md](external-synth.md) shows how.
"""

_CONTROLLERS = """
Controllers known by name:

| `controller` | | |
|---|---|---|
"""

_OSC = """
[osc.md](osc.md) lists the addresses.
"""

_TEMPO = """
[tempo.md](tempo.md) says who leads, and what follows.
"""

_PLUGINS = """
A plugin plays in a process of its own: what goes wrong there costs a moment of its sound and nothing else.
`tsumami plugin PATH` lists its parameters. Where names repeat, maps say `"#7"` (the index) or `"id:48"` (the
plugin's own number). Without maps, CC 20-27 move its first eight parameters; controllers that no map takes go
on to the plugin.
"""

_INPUT = """
The input goes through the effects together with the instrument. Its device is opened together with the
output's, so both must be of one sound system; a device with one channel is put on both sides. Blocks in which
the system has dropped samples are counted as lost. A log holds no sound: a take that is rendered again is
without its input.

Some devices that come too late tell of nothing, and give a block of zeros or the last one once more. With
`detect`, zeros are missing where the sound before them was cut off, for up to a quarter of a second, and so
are up to four blocks that repeat the one before. A source that mutes itself at once is then continued too.

With `repair`, what is missing is continued from what was heard before, without delay: the sound goes on for
60 ms and then fades within 200 ms, and where the input comes back they are mixed over 2 ms. All other samples
stay as they came. What it goes on with is [weighed by a model](restoration.md#on-a-live-input); where its
weights come too late for a gap, autoregressions go on alone, and the gap is counted as late. A thread beside
the audio keeps both new, which takes about half a core.
"""

_EFFECTS = """
Effects stand between the instrument and the output, in the order of the file, each in a process of its own. A
map moves one with `effect = "Name"` and `parameter`, or bypasses it with `effect = "Name"` and
`bypass = true`.
"""

_KINDS = {"integer": "whole number", "number": "number", "string": "string", "boolean": "true or false"}


_NOTES = {
    "input": _INPUT,
    "osc": _OSC,
    "tempo": _TEMPO,
    "instrument": _PLUGINS,
    "map": _MAPS,
    "effects": _EFFECTS,
    "send": _SENDS,
}
"""What is said below a table of fields."""


def session_page() -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for name, table in TABLES.items():
        many = name in ("map", "send", "sync", "effects")
        schema = msgspec.json.schema(table)["$defs"][table.__name__]
        parts.append(f"\n## `{f'[[{name}]]' if many else f'[{name}]'}`\n\n{_first_line(table)}\n")
        parts.append("\n| field | value | default | meaning |\n|---|---|---|---|\n")
        for field, rules in schema["properties"].items():
            needed = field in schema.get("required", [])
            default = "needed" if needed else _default(rules.get("default"))
            parts.append(f"| `{field}` | {_value(rules)} | {default} | {rules['description']} |\n")
        parts.append(_NOTES.get(name, ""))
        if name == "midi":
            parts.append(_controllers())
    return "".join(parts)


def _controllers() -> str:
    known = ((name, load_controller(name)) for name in controller_names())
    rows = [f"| `{name}` | {controller.name} | {controller.set_up} |\n" for name, controller in known]
    return "".join([_CONTROLLERS, *rows])


def _first_line(table: type[msgspec.Struct]) -> str:
    return (table.__doc__ or "").splitlines()[0]


def _value(rules: dict[str, Any]) -> str:
    """What a field may hold, from its JSON schema."""
    if "enum" in rules:
        return " or ".join(f"`{_toml(choice)}`" for choice in rules["enum"])
    if "anyOf" in rules:
        return next(_value(choice) for choice in rules["anyOf"] if choice.get("type") != "null")
    if rules["type"] == "array":
        if "prefixItems" in rules:
            return f"list of {len(rules['prefixItems'])}, each {_value(rules['prefixItems'][0])}"
        return f"list of {_KINDS[rules['items']['type']]}s"
    kind = _KINDS[rules["type"]]
    return f"{kind}, {rules['minimum']:g} to {rules['maximum']:g}" if "minimum" in rules else kind


def _default(value: Any) -> str:
    return "none" if value is None else f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    return msgspec.json.encode(value).decode()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(session_page(), encoding="utf-8")
