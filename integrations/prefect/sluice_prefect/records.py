"""The bytes of a queue file: a head that says up to where all was sent, then records.

A record is `marker, length, crc, body`. The body is an event as Prefect published it, UTF-8, which never holds the
marker's first byte. So behind a damaged record the next good one is found by its marker.
"""

import struct
import zlib
from typing import Callable, NamedTuple, Optional

MARKER = b"\xffSLQ"
HEAD = struct.Struct("<4sII")
FILE_HEAD = struct.Struct("<QI4x")
#: Above this a length is damage, not a length.
BODY_BYTES_MAX = 64 * 1024 * 1024

#: Reads at most so many bytes from an offset; fewer only at the end of the file.
ReadAt = Callable[[int, int], bytes]


class Record(NamedTuple):
    """What stands at an offset: an event, or None for damage. `end` is where to go on."""

    body: Optional[bytes]
    end: int


def encode_record(body: bytes) -> bytes:
    return HEAD.pack(MARKER, len(body), _crc(body)) + body


def encode_sent(offset: int) -> bytes:
    """The head of a file of which all below `offset` was sent."""
    return FILE_HEAD.pack(offset, zlib.crc32(struct.pack("<Q", offset)))


def decode_sent(head: bytes) -> int:
    """Where to go on reading. A damaged head sends all again: Sluice drops what it has."""
    if len(head) < FILE_HEAD.size:
        return FILE_HEAD.size
    offset, crc = FILE_HEAD.unpack(head[: FILE_HEAD.size])
    is_good = crc == zlib.crc32(struct.pack("<Q", offset)) and offset >= FILE_HEAD.size
    return offset if is_good else FILE_HEAD.size


def read_record(read_at: ReadAt, offset: int, end: int) -> Record:
    """The record at `offset` of a file that ends at `end`. Damage reaches to the next marker, or to the end."""
    head = read_at(offset, HEAD.size)
    if len(head) == HEAD.size:
        marker, length, crc = HEAD.unpack(head)
        body_at = offset + HEAD.size
        if marker == MARKER and length <= BODY_BYTES_MAX and body_at + length <= end:
            body = read_at(body_at, length)
            if len(body) == length and _crc(body) == crc:
                return Record(body, body_at + length)
    return Record(None, _next_marker(read_at, offset + 1, end))


def _next_marker(read_at: ReadAt, offset: int, end: int) -> int:
    """Where the next marker stands; `end` if there is none."""
    while offset < end:
        piece = read_at(offset, min(64 * 1024, end - offset))
        found = piece.find(MARKER)
        if found >= 0:
            return offset + found
        if len(piece) < len(MARKER):
            return end
        offset += len(piece) - len(MARKER) + 1
    return end


def _crc(body: bytes) -> int:
    return zlib.crc32(body, len(body))
