"""Warnings, at most one line a minute: what happened meanwhile is told together."""

import logging
import threading
from typing import Dict, List

MINUTE = 60.0


class WarningsAMinute:
    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._lock = threading.Lock()
        #: The newest sentence of each kind.
        self._pending: Dict[str, str] = {}
        self._told_at = -MINUTE

    def note(self, kind: str, sentence: str) -> None:
        with self._lock:
            self._pending[kind] = sentence

    def forget(self, kind: str) -> None:
        """It is over before it was told."""
        with self._lock:
            self._pending.pop(kind, None)

    def tell(self, now: float, figures: str) -> None:
        """Logs what is pending, unless a line was logged within the last minute. `now` in seconds."""
        with self._lock:
            if not self._pending or now - self._told_at < MINUTE:
                return
            sentences: List[str] = list(self._pending.values())
            self._pending.clear()
            self._told_at = now
        self._log.warning("Sluice: %s (%s)", " ".join(sentences), figures)
