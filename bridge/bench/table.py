"""The benchmarks as data: name, help and options. A module is imported only when its bench runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Option:
    """A command-line option of a bench, handed to its ``run`` under ``name`` when it is given."""

    name: str
    flag: str
    kind: Any
    help: str


@dataclass(frozen=True, slots=True)
class Bench:
    """A module of this package with a ``run(...)`` that returns a `tsumami.bridge.bench.report.Report`."""

    name: str
    help: str
    options: tuple[Option, ...] = ()


_ROUNDS = Option("rounds", "--rounds", int, "How many times each case takes its turn.")

BENCHES = (
    Bench(
        "live",
        "Missed blocks, load and latency of the running engine.",
        (
            Option("seconds", "--seconds", float, "Length of each run."),
            Option("block_sizes", "--block-size", list[int], "Frames per block; may be given again."),
            Option("moves", "--moves", int, "How many knob moves and notes are timed."),
            Option("minutes", "--minutes", float, "How long memory is watched."),
        ),
    ),
    Bench(
        "plugin",
        "A VST3 instrument in its own process: missed and late blocks, and the delay of the way there.",
        (
            Option("plugin", "--plugin", Path, "The instrument; that of the tests, when it is left out."),
            Option("seconds", "--seconds", float, "Length of each run."),
            Option("block_sizes", "--block-size", list[int], "Frames per block; may be given again."),
        ),
    ),
    Bench("stft", "A short-time Fourier frame forward and back, beside numpy and torch.", (_ROUNDS,)),
    Bench(
        "inference",
        "A step of each shipped model, beside a bare ONNX Runtime session.",
        (
            _ROUNDS,
            Option("provider", "--provider", str, "Where models run: auto, cpu or cuda."),
            Option("model", "--model", Path, "Another model (ONNX) than those that ship."),
            Option("trained", "--run", Path, "Run that the model was exported from, to measure torch too."),
        ),
    ),
    Bench(
        "repair",
        "What the repair of a live input takes, and how near it comes to what was lost.",
        (_ROUNDS, Option("data", "--data", Path, "Folder of music, for how near it comes.")),
    ),
    Bench(
        "control",
        "What the page costs the sound, and how fast hands reach it, in a browser and by MIDI.",
        (
            Option("seconds", "--seconds", float, "Length of each round."),
            Option("events_seconds", "--events-seconds", float, "How long 1,000 events a second are sent."),
            Option("moves", "--moves", int, "How many moves from the page are timed."),
        ),
    ),
    Bench("synth", "The built-in synthesizer's load by voices."),
    Bench(
        "render",
        "Presets by the thousand, beside DawDreamer's bare loop, and ways to begin each patch anew.",
        (
            Option("presets", "--presets", int, "How many of amsynth's presets; all of them by default."),
            _ROUNDS,
        ),
    ),
    Bench(
        "macros",
        "Whether a macro does what its name says, and leaves the rest alone.",
        (
            Option("patches", "--patches", int, "How many unseen patches every knob is swept over."),
            Option("model", "--model", Path, "Another model (ONNX) than the one that ships."),
            Option("data", "--data", Path, "Data set that the model was trained on, for its instrument."),
        ),
    ),
    Bench(
        "match",
        "How near `tsumami match` comes to sounds that its models have not learned from.",
        (
            Option("data", "--data", Path, "Data set that the models were trained on."),
            Option("model", "--model", list[Path], "A model (ONNX); may be given again."),
            Option("sounds", "--sounds", int, "How many held-out sounds; 40."),
            Option("refine", "--refine", float, "Seconds of search for each; 30."),
            Option("nearest", "--nearest", bool, "Once more, beginning from the nearest preset too."),
            Option("workers", "--workers", int, "Processes; one a core."),
        ),
    ),
    Bench(
        "loops",
        "How long a loop takes to be made, and what another one costs at the bar line.",
        (
            _ROUNDS,
            Option("changes", "--changes", int, "How many changes of each kind are looked at."),
            Option("seconds", "--seconds", float, "Length of the run on JACK."),
        ),
    ),
    Bench(
        "timbre",
        "A step of the timbre encoder, the answer to a live note, and the search of an index.",
        (_ROUNDS, Option("notes", "--notes", int, "How many notes are let go; 100.")),
    ),
    Bench(
        "groove",
        "How exactly drums are heard: renders with exact truth, beside aubio.",
        (
            Option("data", "--data", Path, "Folder with groove_midi and drum_kit."),
            Option("pieces", "--pieces", int, "How many performances of the validation split; 24."),
        ),
    ),
    Bench(
        "restoration",
        "Concealment of lost packets on music, beside zero-fill, repetition and other autoregressions.",
        (
            Option("data", "--data", Path, "Folder of music."),
            Option("model", "--model", str, "Model that weighs what is played, or none; the one that ships."),
        ),
    ),
    Bench(
        "detection",
        "What is found of damage done to music, and false alarms on sound that is whole.",
        (
            Option("data", "--data", Path, "Folder of music."),
            Option(
                "clean", "--clean", list[Path], "Folder of other sound that is whole; may be given again."
            ),
        ),
    ),
)
