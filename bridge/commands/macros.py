"""`tsumami macros`: a performer's own meaning of a macro, told by pairs of sounds."""

import json as json_module
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tsumami.bridge.macros.teaching import Lesson

macros = typer.Typer(
    help="Teach macros what you mean: which of two sounds is more of it. Kept beside the session.",
    no_args_is_help=True,
)

_Session = Annotated[Path, typer.Argument(metavar="SESSION.toml", help="Session file.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


@macros.command()
def teach(
    session: _Session,
    macro: Annotated[str, typer.Argument(help="Which macro, such as bright.")],
    more: Annotated[
        list[str] | None, typer.Option(help="A sound, by its name or file: more of the macro …")
    ] = None,
    than: Annotated[list[str] | None, typer.Option(help="… than this one. Both may be repeated.")] = None,
    json: _Json = False,
) -> None:
    """Say that one sound is more of a macro than another, and turn the knob's axis to it.

    tsumami macros teach set.toml bright --more "Glass Choir" --than "Warm Evening"

    Sounds are patches of the session's bank by their names, or preset files (FILE, or FILE#n of a bank).
    Pairs add up; live play takes them from the next start on.
    """
    from tsumami.bridge.macros.teaching import Teaching

    teaching = Teaching(session)
    lesson = teaching.teach(macro, more or [], than or [])
    if json:
        print(json_module.dumps({"file": str(teaching.path), **_row(lesson)}))
        return
    print(f"{teaching.path}: {_said(lesson)}", file=sys.stderr)
    _say_unmet(lesson)


@macros.command()
def show(session: _Session, json: _Json = False) -> None:
    """Show what was taught: pairs, how far each axis turned, and how many pairs agree before and after."""
    from tsumami.bridge.macros.teaching import Teaching

    teaching = Teaching(session)
    lessons = teaching.lessons()
    if json:
        document = {"file": str(teaching.path), "macros": list(teaching.names)}
        print(json_module.dumps({**document, "taught": [_row(lesson) for lesson in lessons]}))
        return
    if not lessons:
        print(f"{session}: nothing was taught; its macros are {', '.join(teaching.names)}", file=sys.stderr)
    for lesson in lessons:
        print(_said(lesson))
        for pair in lesson.pairs:
            print(f"  {pair.more} > {pair.than}{'  (does not agree)' if pair in lesson.unmet else ''}")


@macros.command()
def forget(
    session: _Session,
    macro: Annotated[str | None, typer.Argument(help="Which macro; all when left out.")] = None,
    json: _Json = False,
) -> None:
    """Undo what a macro, or all of them, were taught: they are the model's own again."""
    from tsumami.bridge.macros.teaching import Teaching

    forgotten = Teaching(session).forget(macro)
    if json:
        print(json_module.dumps({"forgotten": list(forgotten)}))
        return
    print(f"{session}: {', '.join(forgotten) or 'nothing'} forgotten", file=sys.stderr)


def _said(lesson: "Lesson") -> str:
    return (
        f"{lesson.macro} turned by {lesson.angle_degrees:.0f} degrees; "
        f"{lesson.agree} of {len(lesson.pairs)} pairs agree, {lesson.agreed_before} before"
    )


def _say_unmet(lesson: "Lesson") -> None:
    if lesson.unmet:
        listed = ", ".join(f"{pair.more} > {pair.than}" for pair in lesson.unmet)
        print(f"tsumami: no axis here agrees with all pairs, left out were {listed}", file=sys.stderr)


def _row(lesson: "Lesson") -> dict[str, Any]:
    def names(pairs: "tuple[Any, ...]") -> list[list[str]]:
        return [[pair.more, pair.than] for pair in pairs]

    return {
        "macro": lesson.macro,
        "pairs": names(lesson.pairs),
        "unmet": names(lesson.unmet),
        "angle_degrees": round(lesson.angle_degrees, 2),
        "agree_before": lesson.agreed_before,
        "agree": lesson.agree,
    }
