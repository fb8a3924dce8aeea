"""The command line: one function a command, one line an error."""

import sys

import typer

from tsumami.bridge.commands.bench import bench
from tsumami.bridge.commands.doctor import doctor
from tsumami.bridge.commands.evaluate import evaluate
from tsumami.bridge.commands.groove import groove
from tsumami.bridge.commands.learn import learn
from tsumami.bridge.commands.live import live
from tsumami.bridge.commands.loops import loops
from tsumami.bridge.commands.macros import macros
from tsumami.bridge.commands.match import match
from tsumami.bridge.commands.patches import patches
from tsumami.bridge.commands.plugin import plugin
from tsumami.bridge.commands.presets import presets
from tsumami.bridge.commands.render import render
from tsumami.bridge.commands.restore import restore
from tsumami.bridge.commands.scan import scan
from tsumami.bridge.commands.stream import stream
from tsumami.bridge.commands.timbre import timbre
from tsumami.bridge.commands.train import train
from tsumami.engine.errors import TsumamiError
from tsumami.engine.quiet import keep_own_words

app = typer.Typer(
    name="tsumami",
    help="Turn a knob, the whole synth moves: live audio with learned macros.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command()(live)
app.command()(learn)
app.command()(stream)
app.command()(render)
app.command()(restore)
app.command()(groove)
app.command()(loops)
app.command()(match)
app.command()(patches)
app.command()(scan)
app.command()(plugin)
app.command()(doctor)
app.add_typer(bench, name="bench")
app.add_typer(presets, name="presets")
app.add_typer(macros, name="macros")
app.add_typer(timbre, name="timbre")
app.add_typer(train, name="train")
app.add_typer(evaluate, name="evaluate")


def main() -> None:
    """Run the command line; an error made by Tsumami is one line and exit status 2."""
    keep_own_words()
    try:
        app()
    except TsumamiError as error:
        print(f"tsumami: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
