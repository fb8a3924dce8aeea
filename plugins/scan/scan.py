"""Asking many plugins what they are."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from tsumami.plugins.scan.cache import ScanCache
from tsumami.plugins.scan.folders import Candidate
from tsumami.plugins.scan.probe import TIME_LIMIT_SECONDS, Prober
from tsumami.plugins.scan.report import PluginReport

Progress = Callable[[Candidate], None]


def scan(
    candidates: Sequence[Candidate],
    *,
    limit_seconds: float = TIME_LIMIT_SECONDS,
    workers: int = 1,
    cache: ScanCache | None = None,
    again: bool = False,
    on_done: Progress = lambda _: None,
) -> list[PluginReport]:
    """Reports of ``candidates`` in their order, without parameters: from the cache, or from the plugins.

    Each plugin has a process of its own and ``limit_seconds``; ``workers`` run at once. ``again`` asks all
    of them anew. What was found is kept even if the scan is interrupted.
    """
    cache = cache or ScanCache()
    found = {} if again else {each: cache.find(each, limit_seconds) for each in candidates}
    unknown = [each for each in candidates if found.get(each) is None]
    for candidate in found.keys() - set(unknown):
        on_done(candidate)
    prober = Prober(limit_seconds)
    try:
        with ThreadPoolExecutor(workers) as threads:
            futures = {threads.submit(prober.probe, candidate): candidate for candidate in unknown}
            try:
                for future in as_completed(futures):
                    candidate = futures[future]
                    found[candidate] = _kept(cache, candidate, limit_seconds, future)
                    on_done(candidate)
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                prober.stop()
                raise
    finally:
        cache.save()
    return [report for candidate in candidates for report in found[candidate] or ()]


def _kept(
    cache: ScanCache, candidate: Candidate, limit_seconds: float, future: "Future[list[PluginReport]]"
) -> list[PluginReport]:
    reports = [report.without_parameters() for report in future.result()]
    cache.keep(candidate, limit_seconds, reports)
    return reports
