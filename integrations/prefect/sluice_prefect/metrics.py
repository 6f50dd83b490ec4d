"""What happened to the events: counters of this process, as a line of the log and as text for Prometheus."""

import os
import re
import tempfile
import threading
from pathlib import Path
from typing import Dict

from .durable_queue import Waiting

#: Of each counter what it counts, in the order in which they are told.
COUNTERS = {
    "sent": "Events that Sluice took.",
    "retries": "Requests that were tried again.",
    "refused": "Events that Sluice refused for what they say, and that stand in the file of refused ones.",
    "dropped": "Events that were not kept: the queue was full, or could not be written.",
    "damaged": "Places in queue files that could not be read any more.",
    "taken_over": "Events of processes that had ended, taken over by this one.",
    "unsynced": "Times that a queue file could not be synced to its disk.",
}


class Metrics:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Dict[str, int] = dict.fromkeys(COUNTERS, 0)

    def count(self, name: str, by: int = 1) -> None:
        with self._lock:
            self._counts[name] += by

    def of(self, name: str) -> int:
        with self._lock:
            return self._counts[name]

    def line(self, waiting: Waiting) -> str:
        """`sent 120, retries 0, waiting 3, …`: what is always told, and of the rest what is not 0."""
        with self._lock:
            counts = {**self._counts, "waiting": waiting.events}
        always = ["sent", "retries", "waiting", "refused", "dropped"]
        others = [name for name in COUNTERS if name not in always and counts[name] > 0]
        return ", ".join(f"{name.replace('_', ' ')} {counts[name]}" for name in always + others)

    def page(self, waiting: Waiting) -> str:
        """The text format of Prometheus."""
        with self._lock:
            counts = dict(self._counts)
        rows = [(f"prefect_to_sluice_{name}_total", "counter", about, counts[name]) for name, about in COUNTERS.items()]
        rows.append(("prefect_to_sluice_waiting", "gauge", "Events that wait for Sluice.", waiting.events))
        rows.append(("prefect_to_sluice_waiting_bytes", "gauge", "Their bytes in the queue files.", waiting.bytes))
        return "".join(
            f"# HELP {name} {about}\n# TYPE {name} {kind}\n{name} {value}\n" for name, kind, about, value in rows
        )


class MetricsFile:
    """A file that always holds a whole page. `{pid}` in its name is the process."""

    def __init__(self, pattern: str) -> None:
        self._pattern = Path(pattern)
        self.path = self._pattern.with_name(self._pattern.name.replace("{pid}", str(os.getpid())))
        self._forget_dead()

    def write(self, page: str) -> None:
        """Raises OSError."""
        fd, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=self.path.parent)
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                os.fchmod(fd, 0o644)
                file.write(page)
            os.replace(temporary, self.path)
        except OSError:
            os.unlink(temporary)
            raise

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def _forget_dead(self) -> None:
        """Files that killed processes left behind: else their last figures would be added up for ever."""
        if "{pid}" not in self._pattern.name or not self.path.parent.is_dir():
            return
        name = re.compile(re.escape(self._pattern.name).replace(re.escape("{pid}"), r"(\d+)"))
        for path in self.path.parent.iterdir():
            match = name.fullmatch(path.name)
            if match is not None and not Path(f"/proc/{match[1]}").exists() and Path("/proc/self").exists():
                path.unlink(missing_ok=True)
