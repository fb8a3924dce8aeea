"""What native libraries say is kept off the terminal, and what Python says is not."""

import subprocess
import sys

_SILENCED = """
import os, sys, threading
from tsumami.engine.quiet import keep_own_words, native_output_silenced, standard_error_kept
if {keep}:
    keep_own_words()
with native_output_silenced():
    os.write(1, b"native\\n")
    os.write(2, b"native\\n")
    print("ours")
    print("ours too", file=sys.stderr, flush=True)
    sys.stdout.flush()
with standard_error_kept() as terminal:
    os.write(2, b"native\\n")
    print("a warning", file=sys.stderr, flush=True)
    print("the view", file=terminal)
os.write(2, b"after\\n")
print("and ours", file=sys.stderr)
"""


def _said(*, keep: bool) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", _SILENCED.format(keep=keep)], capture_output=True, text=True, check=True
    )
    return done.stdout, done.stderr


def test_own_words_are_heard_while_native_libraries_are_silenced() -> None:
    assert _said(keep=True) == ("ours\n", "ours too\nthe view\nafter\nand ours\n")
    assert _said(keep=False) == ("", "the view\nafter\nand ours\n"), "else they would be lost"


def test_a_closed_standard_output_is_left_closed() -> None:
    text = "import sys; sys.stdout = None\nfrom tsumami.engine.quiet import keep_own_words\nkeep_own_words()"
    done = subprocess.run([sys.executable, "-c", f"{text}\nassert sys.stdout is None"], check=False)
    assert done.returncode == 0
