"""Events that Sluice refused for what they say, as lines of JSON, up to a bound."""

import json
import os
from datetime import datetime, timezone
from pathlib import Path

FILE_BYTES_MAX = 64 * 1024 * 1024
REASON_CHARACTERS_MAX = 2_000


class RefusedFile:
    def __init__(self, path: Path, bytes_max: int = FILE_BYTES_MAX) -> None:
        self.path = path
        self._bytes_max = bytes_max

    def add(self, event: bytes, status: int, reason: str) -> bool:
        """False if it was not kept: the file is full, or cannot be written."""
        at = datetime.now(timezone.utc).isoformat()
        head = json.dumps({"at": at, "status": status, "reason": reason[:REASON_CHARACTERS_MAX]})
        line = head[:-1].encode() + b', "event": ' + event + b"}\n"
        try:
            fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                if os.fstat(fd).st_size + len(line) > self._bytes_max:
                    return False
                return os.write(fd, line) == len(line)
            finally:
                os.close(fd)
        except OSError:
            return False
