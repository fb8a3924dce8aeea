"""`tsumami doctor`: look at the machine."""

import json as json_module
from typing import Annotated

import typer


def doctor(
    seconds: Annotated[float, typer.Option(help="Length of the self-test; 0 for none.", min=0)] = 5.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Look at devices, models, kernels and priorities, and play for five seconds; exit 1 on a problem."""
    from rich.console import Console

    from tsumami.bridge.doctor import document, examine, has_problem, print_findings

    with Console(stderr=True).status("looking") as status:
        findings = examine(seconds, lambda topic: status.update(f"looking at {topic}"))
    if json:
        print(json_module.dumps(document(findings), allow_nan=False))
    else:
        print_findings(findings, Console())
    raise typer.Exit(1 if has_problem(findings) else 0)
