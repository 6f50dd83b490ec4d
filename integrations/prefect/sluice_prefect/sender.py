"""Sends what waits to Sluice, oldest first, until it is taken. A thread of its own: Prefect never waits for it.

    asking who answers ─► waiting ─► posting ─► done ─► waiting
                                        │  ▲
                                        ▼  │ no answer, or anything but 204, 413 and 422
                                      pausing (0.1 s, doubled up to 5 s, or what Retry-After says)

413 and 422 mean the content: the batch is halved down to the guilty event, which is set aside.
"""

import threading
import time
from typing import Callable, List, Optional

from .durable_queue import DurableQueue
from .metrics import Metrics
from .refused_file import RefusedFile
from .sluice_api import Answer, SluiceApi
from .warnings_a_minute import WarningsAMinute

BATCH_EVENTS_MAX = 500
#: Well below what Sluice and a proxy before it take as a body.
BATCH_BYTES_MAX = 512 * 1024
PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.1, 5.0
#: Between two requests, so that under load a request carries many events and Prefect keeps its processor.
REST_SECONDS = 0.02
TAKE_OVER_SECONDS = 15.0


class Sender:
    def __init__(
        self, queue: DurableQueue, api: SluiceApi, metrics: Metrics, refused: RefusedFile, warnings: WarningsAMinute
    ) -> None:
        self._queue, self._api, self._metrics = queue, api, metrics
        self._refused, self._warnings = refused, warnings
        self._stopping = threading.Event()
        self._is_away = False
        self._taken_over_at = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True, name="sluice-sender")

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Lets it send what waits for so long, then ends it. What is left stays in the queue."""
        deadline = time.monotonic() + seconds
        while not self._is_away and self._queue.waiting().events > 0 and time.monotonic() < deadline:
            time.sleep(REST_SECONDS)
        self._stopping.set()
        self._queue.wake()
        self._thread.join(1.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._send_all()
            except Exception as error:
                # A disk that cannot be read, for one. To stop for good would be silent.
                self._warnings.note("fault", f"The queue cannot be sent: {error!r}. It is tried again.")
                self._stopping.wait(PAUSE_SECONDS_MAX)

    def _send_all(self) -> None:
        self._take_over()
        self._until(self._api.check, lambda answer: answer.status == 200)
        while not self._stopping.is_set():
            if time.monotonic() - self._taken_over_at >= TAKE_OVER_SECONDS:
                self._take_over()
            batch = self._queue.next_batch(BATCH_EVENTS_MAX, BATCH_BYTES_MAX)
            if batch is None:
                self._queue.wait(TAKE_OVER_SECONDS)
                continue
            if batch.damaged > 0:
                self._metrics.count("damaged", batch.damaged)
                self._warnings.note("damaged", "A queue file is damaged; what was readable is sent.")
            if batch.events and not self._deliver(batch.events):
                return
            self._queue.done(batch)
            self._stopping.wait(REST_SECONDS)

    def _take_over(self) -> None:
        self._metrics.count("taken_over", self._queue.take_over())
        self._taken_over_at = time.monotonic()

    def _deliver(self, events: List[bytes]) -> bool:
        """False only if it is to stop before all are taken or set aside."""
        answer = self._until(lambda: self._api.post(events), lambda answer: is_taken(answer) or is_refused(answer))
        if answer is None:
            return False
        if is_taken(answer):
            self._metrics.count("sent", len(events))
            return True
        if len(events) == 1:
            self._set_aside(events[0], answer)
            return True
        half = len(events) // 2
        return self._deliver(events[:half]) and self._deliver(events[half:])

    def _set_aside(self, event: bytes, answer: Answer) -> None:
        self._metrics.count("refused")
        is_kept = self._refused.add(event, answer.status, answer.reason)
        where = f"stands in {self._refused.path}" if is_kept else "could not be kept"
        self._warnings.note("refused", f"An event was refused with {answer.status} and {where}.")

    def _until(self, ask: Callable[[], Answer], is_good: Callable[[Answer], bool]) -> Optional[Answer]:
        """Asks until the answer is good; None if it is to stop."""
        pause = PAUSE_SECONDS_MIN
        while not self._stopping.is_set():
            answer = ask()
            if is_good(answer):
                self._is_away = False
                self._warnings.forget("away")
                return answer
            self._is_away = True
            self._metrics.count("retries")
            self._warnings.note("away", f"{self._api.api} takes no events: {_said(answer)}. It is tried again.")
            self._stopping.wait(max(pause, answer.retry_after_seconds))
            pause = min(pause * 2, PAUSE_SECONDS_MAX)
        return None


def is_taken(answer: Answer) -> bool:
    """Sluice says 204; another 2xx is somebody else's."""
    return answer.status == 204


def is_refused(answer: Answer) -> bool:
    return answer.status in (413, 422)


def _said(answer: Answer) -> str:
    said = " ".join(answer.reason.split())[:200]
    return said if answer.status == 0 else f"{answer.status} {said}".strip()
