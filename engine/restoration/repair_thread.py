"""The thread beside a repair: fits what was heard and plans, again and again, and tells the meters of it."""

import threading
import time

from tsumami.engine.meter_block import MeterBlock
from tsumami.engine.meters import record_duration
from tsumami.engine.restoration.repair_stage import RepairStage

_REST_SECONDS = 0.0025
"""Between two fits. They are best not older than 5 ms when a gap begins, and a core has more to do."""
FITS_A_PLAN = 10
"""A plan takes longer than a fit, and serves longer."""


class RepairThread(threading.Thread):
    """Keeps the fits and plans of a `RepairStage` new, until `stop`."""

    def __init__(self, stage: RepairStage, meters: MeterBlock) -> None:
        super().__init__(name="repair", daemon=True)
        self._stage, self._meters = stage, meters
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`. The fits themselves hold no GIL."""
        while not self._stopping.wait(_REST_SECONDS):
            self.advance()
        self._publish()

    def advance(self) -> None:
        """Fit if there is something new, and plan from time to time."""
        began = time.perf_counter_ns()
        if self._stage.fit():
            record_duration(self._meters["repair_load"], time.perf_counter_ns() - began)
            self._meters["repair_fits"] += 1
            if self._meters["repair_fits"] % FITS_A_PLAN == 0:
                self._plan()
        self._publish()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        self.join()

    def _plan(self) -> None:
        began = time.perf_counter_ns()
        if self._stage.plan():
            record_duration(self._meters["repair_plan_load"], time.perf_counter_ns() - began)
            self._meters["repair_plans"] += 1

    def _publish(self) -> None:
        """What the audio thread has counted, which has no way to the meters itself."""
        stage, meters = self._stage, self._meters
        meters["repair_gaps"] = stage["gaps"]
        meters["repair_late"] = stage["late"]
        meters["repair_samples"] = stage["repaired"]
        meters["repair_longest_samples"] = stage["longest"]
        meters["repair_fit_age_samples"] = stage["fit_age"]
