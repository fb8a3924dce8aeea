"""The order of the examination."""

from collections.abc import Callable, Iterator

from tsumami.bridge.doctor.audio import examine_audio
from tsumami.bridge.doctor.finding import Finding
from tsumami.bridge.doctor.kernels import examine_kernels
from tsumami.bridge.doctor.midi import examine_midi
from tsumami.bridge.doctor.models import examine_models
from tsumami.bridge.doctor.priority import examine_priority
from tsumami.bridge.doctor.software import examine_software
from tsumami.bridge.doctor.strip import examine_strip

_PARTS: dict[str, Callable[[], Iterator[Finding]]] = {
    "software": examine_software,
    "audio": examine_audio,
    "MIDI": examine_midi,
    "models": examine_models,
    "kernels": examine_kernels,
    "priority": examine_priority,
}


def examine(seconds: float, report: Callable[[str], None]) -> list[Finding]:
    """All findings; the strip then plays for ``seconds``, 0 for not at all.

    ``report`` is told what is being looked at. A probe that fails in a way nobody thought of is itself a
    problem found, so that the others are still heard.
    """
    findings: list[Finding] = []
    parts = dict(_PARTS)
    if seconds > 0:
        parts["strip"] = lambda: examine_strip(seconds)
    for topic, probe in parts.items():
        report(topic)
        try:
            findings.extend(probe())
        except Exception as error:
            text = f"the probe failed: {type(error).__name__}: {error}"
            findings.append(Finding(topic, "problem", text, "report this with the output of --json"))
    return findings
