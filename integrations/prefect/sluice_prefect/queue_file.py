"""One file of events that wait for Sluice. The process that holds its lock is the only one that reads or writes it."""

import fcntl
import os
from pathlib import Path
from typing import List, NamedTuple, Optional

from .records import FILE_HEAD, decode_sent, encode_record, encode_sent, read_record

SUFFIX = ".v1.queue"
#: What is read at once where the next records are looked for.
READ_BYTES = 256 * 1024


class Batch(NamedTuple):
    """What is sent in one go. `end` is where the file is read next."""

    events: List[bytes]
    end: int
    damaged: int


class QueueFile:
    """A locked file. `sent` is the offset up to which Sluice has all, `size` the end of the last whole record."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.fd = fd
        self.size = max(os.fstat(fd).st_size, FILE_HEAD.size)
        self.sent = min(decode_sent(os.pread(fd, FILE_HEAD.size, 0)), self.size)
        self.is_synced = True

    @classmethod
    def create(cls, folder: Path, name: str) -> "QueueFile":
        """A new file. Files are read in the order of their names. Raises OSError."""
        path = folder / f"{name}{SUFFIX}"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.pwrite(fd, encode_sent(FILE_HEAD.size), 0)
            if not _lock(fd, path):
                raise OSError(f"{path} was taken by another process at once")
        except OSError:
            os.close(fd)
            raise
        return cls(path, fd)

    @classmethod
    def take_over(cls, path: Path) -> Optional["QueueFile"]:
        """The file of a process that is gone; None where its process lives, or somebody else was faster."""
        try:
            fd = os.open(path, os.O_RDWR)
        except OSError:
            return None
        if _lock(fd, path):
            return cls(path, fd)
        os.close(fd)
        return None

    def append(self, event: bytes) -> int:
        """Writes one record, whole or not at all, and returns its bytes. Raises OSError; then the file is as it was."""
        record = encode_record(event)
        try:
            written = os.pwrite(self.fd, record, self.size)
            if written < len(record):
                raise OSError(f"only {written} of {len(record)} bytes were written to {self.path}")
        except OSError:
            # If this fails too, what is left is overwritten by the next record, or read as damage.
            _try(lambda: os.ftruncate(self.fd, self.size))
            raise
        self.size += written
        self.is_synced = False
        return written

    def read(self, events_max: int, bytes_max: int, start: Optional[int] = None) -> Batch:
        """The next events, at least one where any waits. Damage is passed over and counted."""
        at = self.sent if start is None else start
        events: List[bytes] = []
        waiting, damaged = 0, 0
        window = _Window(self.fd, at)
        while at < self.size and len(events) < events_max:
            body, end = read_record(window.read, at, self.size)
            if body is None:
                damaged += 1
            elif events and waiting + len(body) > bytes_max:
                break
            else:
                events.append(body)
                waiting += len(body)
            at = end
        return Batch(events, at, damaged)

    def count(self) -> int:
        """How many whole events wait in it."""
        counted, at = 0, self.sent
        while at < self.size:
            batch = self.read(10_000, READ_BYTES, at)
            counted, at = counted + len(batch.events), batch.end
        return counted

    def advance(self, end: int) -> None:
        """All below `end` is in Sluice."""
        self.sent = end
        # It is a note only: without it these events are sent again, and Sluice drops what it has.
        _try(lambda: os.pwrite(self.fd, encode_sent(end), 0))
        self.is_synced = False

    def sync(self) -> None:
        """Raises OSError."""
        self.is_synced = True
        os.fsync(self.fd)

    def remove(self) -> None:
        """The file goes; its lock goes with `close`."""
        _try(lambda: os.unlink(self.path))

    def close(self) -> None:
        _try(lambda: os.close(self.fd))


class _Window:
    """Reads a file in large pieces: records are small, and a call of the system for each would be slow."""

    def __init__(self, fd: int, start: int) -> None:
        self._fd, self._start, self._bytes = fd, start, b""

    def read(self, offset: int, length: int) -> bytes:
        at = offset - self._start
        if at < 0 or at + length > len(self._bytes):
            self._bytes = os.pread(self._fd, max(length, READ_BYTES), offset)
            self._start, at = offset, 0
        return self._bytes[at : at + length]


def _lock(fd: int, path: Path) -> bool:
    """Whether the file is ours now, and still stands under its name."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except OSError:
        return False


def _try(act) -> None:
    try:
        act()
    except OSError:
        pass
