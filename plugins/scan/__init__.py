"""Finding plugins and asking what they are, each in a process of its own that may crash or hang."""

from tsumami.plugins.scan.folders import Candidate, find_plugins
from tsumami.plugins.scan.probe import Prober, identify, probe
from tsumami.plugins.scan.report import ParameterReport, PluginReport
from tsumami.plugins.scan.scan import scan

__all__ = [
    "Candidate",
    "ParameterReport",
    "PluginReport",
    "Prober",
    "find_plugins",
    "identify",
    "probe",
    "scan",
]
