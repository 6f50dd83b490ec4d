"""The hook of one process: its queue, its sender and the clock that syncs, tells and writes figures once a second."""

import atexit
import logging
import os
import threading
import time
from typing import Optional

from .durable_queue import DurableQueue
from .metrics import Metrics, MetricsFile
from .refused_file import RefusedFile
from .sender import Sender
from .settings import Settings
from .sluice_api import SluiceApi
from .warnings_a_minute import WarningsAMinute

SYNC_SECONDS = 1.0
FIGURES_SECONDS = 300.0
LAST_SENDING_SECONDS = 2.0
log = logging.getLogger("prefect.sluice")


class Hook:
    def __init__(self, settings: Settings) -> None:
        """Raises OSError where the folder of the queue cannot be used."""
        self._warnings = WarningsAMinute(log)
        self._metrics = Metrics()
        self._queue = DurableQueue(settings.queue_dir, settings.queue_bytes_max)
        self._file = MetricsFile(settings.metrics_file) if settings.metrics_file else None
        self._api = SluiceApi(settings)
        refused = RefusedFile(settings.queue_dir / "refused.ndjson")
        self._sender = Sender(self._queue, self._api, self._metrics, refused, self._warnings)
        self._stopping = threading.Event()
        self._clock = threading.Thread(target=self._run_clock, daemon=True, name="sluice-clock")
        self._told, self._told_at = "", time.monotonic()
        log.info("Events are handed on to %s; what waits stands in %s", settings.api, settings.queue_dir)

    def start(self) -> None:
        self._sender.start()
        self._clock.start()

    def take(self, event: bytes) -> None:
        """Keeps the event for Sluice. Never raises, and never waits for Sluice: Prefect goes on whatever happens."""
        try:
            if self._queue.add(event):
                return
            self._warnings.note("dropped", "The queue is full, so the newest events are dropped.")
        except Exception as error:
            self._warnings.note("dropped", f"The queue cannot be written, so the newest events are dropped: {error}.")
        self._metrics.count("dropped")

    def stop(self) -> None:
        self._sender.stop(LAST_SENDING_SECONDS)
        self._stopping.set()
        self._clock.join(SYNC_SECONDS)
        self._tick(time.monotonic() + FIGURES_SECONDS)
        self._queue.close()
        if self._file is not None:
            self._file.remove()

    def leave_to_parent(self) -> None:
        """In a forked process: the files and their locks are the parent's alone."""
        self._queue.leave()

    def _run_clock(self) -> None:
        while not self._stopping.wait(SYNC_SECONDS):
            try:
                self._tick(time.monotonic())
            except Exception:
                log.exception("Sluice: a fault of the hook; it goes on")

    def _tick(self, now: float) -> None:
        try:
            self._queue.sync()
        except OSError as error:
            self._metrics.count("unsynced")
            self._warnings.note("unsynced", f"The queue cannot be synced to its disk: {error}.")
        waiting = self._queue.waiting()
        try:
            if self._file is not None:
                self._file.write(self._metrics.page(waiting))
        except OSError as error:
            self._warnings.note("metrics", f"The file of metrics cannot be written: {error}.")
        line = self._metrics.line(waiting)
        self._warnings.tell(now, line)
        if line != self._told and now - self._told_at >= FIGURES_SECONDS:
            log.info("Sluice: %s", line)
            self._told, self._told_at = line, now


_hook: Optional[Hook] = None
_starting = threading.Lock()


def hook_of_process(settings: Settings) -> Hook:
    """Starts it with the first call. A forked process gets one of its own."""
    global _hook
    with _starting:
        if _hook is None:
            _hook = Hook(settings)
            _hook.start()
            atexit.register(_stop_hook, os.getpid(), _hook)
        return _hook


def _stop_hook(pid: int, hook: Hook) -> None:
    if os.getpid() == pid:
        hook.stop()


def _forget_hook() -> None:
    global _hook, _starting
    if _hook is not None:
        _hook.leave_to_parent()
    _hook, _starting = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_hook)
