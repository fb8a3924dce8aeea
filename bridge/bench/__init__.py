"""Benchmarks: each module has a ``run(...)`` that returns a `Report`; `BENCHES` lists them."""

from tsumami.bridge.bench.report import Report, Row, machine
from tsumami.bridge.bench.table import BENCHES, Bench, Option
from tsumami.bridge.bench.timing import interleaved

__all__ = ["BENCHES", "Bench", "Option", "Report", "Row", "interleaved", "machine"]
