"""All that waits for Sluice, in files of one folder: what was added survives a kill of the process.

Added by Prefect's threads, read by the sender alone, synced by the clock's thread. The bound holds for what this
process has to send: its own files and those it took over.
"""

import os
import secrets
import threading
import time
from pathlib import Path
from typing import List, NamedTuple, Optional

from .queue_file import SUFFIX, Batch, QueueFile
from .records import BODY_BYTES_MAX

#: A file that has grown so far gets no more events, so that disk is given back step by step.
FILE_BYTES = 8 * 1024 * 1024


class Waiting(NamedTuple):
    events: int
    bytes: int


class DurableQueue:
    def __init__(self, folder: Path, bytes_max: int, file_bytes: int = FILE_BYTES) -> None:
        """Raises OSError where the folder cannot be made or written."""
        self._folder = folder
        self._bytes_max = bytes_max
        self._file_bytes = file_bytes
        # By time, then by process, then in the order in which they were made.
        self._name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        self._files_made = 0
        self._lock = threading.Lock()
        self._added = threading.Condition(self._lock)
        self._files: List[QueueFile] = []
        #: Gone from the folder. The clock's thread closes them, for it may be syncing one.
        self._retired: List[QueueFile] = []
        #: The file that takes events, the last of `_files`.
        self._open: Optional[QueueFile] = None
        #: The file that the batch under way was read from.
        self._reading: Optional[QueueFile] = None
        self._events, self._bytes = 0, 0
        self._is_folder_synced = False
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file_for_writing()

    def add(self, event: bytes) -> bool:
        """Hands the event to the system. False if there is no room for it. Raises OSError if it cannot be written."""
        with self._lock:
            if self._bytes + len(event) > self._bytes_max or len(event) > BODY_BYTES_MAX:
                return False
            self._bytes += self._file_for_writing().append(event)
            self._events += 1
            self._added.notify()
            return True

    def next_batch(self, events_max: int, bytes_max: int) -> Optional[Batch]:
        """The oldest events; None if nothing waits. Ask again only after `done`."""
        with self._lock:
            self._reading = self._oldest()
        return None if self._reading is None else self._reading.read(events_max, bytes_max)

    def done(self, batch: Batch) -> None:
        """Sluice has the batch, or it was set aside."""
        with self._lock:
            file, self._reading = self._reading, None
            if file is None:
                return
            self._bytes -= batch.end - file.sent
            file.advance(batch.end)
            self._events = max(0, self._events - len(batch.events))
            self._retire_sent()

    def wait(self, seconds: float) -> None:
        """Until an event is added, or so long."""
        with self._lock:
            if self._oldest() is None:
                self._added.wait(seconds)

    def wake(self) -> None:
        with self._lock:
            self._added.notify()

    def take_over(self) -> int:
        """Files of processes that are gone are ours now. Returns how many events they hold."""
        with self._lock:
            known = {file.path for file in self._files}
        found = sorted(path for path in self._folder.glob(f"*{SUFFIX}") if path not in known)
        taken = [file for file in map(QueueFile.take_over, found) if file is not None]
        events = sum(file.count() for file in taken)
        with self._lock:
            self._files[:0] = taken
            self._events += events
            self._bytes += sum(file.size - file.sent for file in taken)
            self._retire_sent()
        return events

    def waiting(self) -> Waiting:
        with self._lock:
            return Waiting(self._events, self._bytes)

    def sync(self) -> None:
        """What was added until now survives a power cut. Raises OSError."""
        with self._lock:
            files = [file for file in self._files if not file.is_synced]
            retired, self._retired = self._retired, []
            is_folder_synced, self._is_folder_synced = self._is_folder_synced, True
        for file in retired:
            file.close()
        for file in files:
            file.sync()
        if not is_folder_synced:
            _sync_folder(self._folder)

    def close(self) -> None:
        """Gives all files up: those with events are for the next process."""
        with self._lock:
            self._seal()
            self._retire_sent()
            for file in self._retired + self._files:
                file.close()
            self._files, self._retired = [], []

    def leave(self) -> None:
        """Closes what a forked process has inherited. Without the lock, for who holds it is not in this process."""
        for file in self._retired + self._files:
            file.close()

    def _oldest(self) -> Optional[QueueFile]:
        return next((file for file in self._files if file.sent < file.size), None)

    def _file_for_writing(self) -> QueueFile:
        if self._open is not None and self._open.size >= self._file_bytes:
            self._seal()
        if self._open is None:
            self._open = QueueFile.create(self._folder, f"{self._name}-{self._files_made:08d}")
            self._files_made += 1
            self._files.append(self._open)
            self._is_folder_synced = False
        return self._open

    def _seal(self) -> None:
        self._open = None
        self._retire_sent()

    def _retire_sent(self) -> None:
        for file in [file for file in self._files if file is not self._open and file.sent >= file.size]:
            file.remove()
            self._files.remove(file)
            self._retired.append(file)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
