"""Laws of the files: what was written is read, and damage takes nothing but what it touched."""

import os
import tempfile
from pathlib import Path
from typing import List

from hypothesis import given, settings
from hypothesis import strategies as st
from sluice_prefect.queue_file import QueueFile
from sluice_prefect.records import FILE_HEAD, MARKER

events = st.lists(st.text(max_size=60).map(str.encode), max_size=12)


def read_all(file: QueueFile, events_max: int = 3, bytes_max: int = 50) -> "tuple[List[bytes], int]":
    found, damaged = [], 0
    while file.sent < file.size:
        batch = file.read(events_max, bytes_max)
        found += batch.events
        damaged += batch.damaged
        file.advance(batch.end)
    return found, damaged


def written(folder: Path, sent: List[bytes]) -> "tuple[QueueFile, List[int]]":
    """A file of these events, and where each of them ends."""
    file = QueueFile.create(folder, "1")
    ends = []
    for event in sent:
        file.append(event)
        ends.append(file.size)
    return file, ends


def reopened(file: QueueFile) -> QueueFile:
    """As after a kill: nothing is said to the file but that its lock is free."""
    file.close()
    taken = QueueFile.take_over(file.path)
    assert taken is not None
    return taken


@given(events, st.integers(1, 5), st.integers(1, 100))
def test_what_was_appended_is_read_in_order(sent: List[bytes], events_max: int, bytes_max: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = QueueFile.create(Path(folder), "1")
        for event in sent:
            file.append(event)
        file = reopened(file)
        assert file.count() == len(sent)
        assert read_all(file, events_max, bytes_max) == (sent, 0)
        file.close()


@given(events, st.integers(0, 12))
def test_what_was_sent_is_not_read_again(sent: List[bytes], done: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = QueueFile.create(Path(folder), "1")
        for event in sent:
            file.append(event)
        if done > 0:
            file.advance(file.read(done, 10_000).end)
        file = reopened(file)
        assert read_all(file) == (sent[done:], 0)
        file.close()


@settings(max_examples=200)
@given(events, st.data())
def test_damage_takes_only_the_records_that_it_touches(sent: List[bytes], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, ends = written(Path(folder), sent)
        starts = [FILE_HEAD.size, *ends[:-1]]
        first = data.draw(st.integers(0, file.size - 1))
        garbage = data.draw(st.binary(min_size=1, max_size=40))[: file.size - first]
        # What looks like another record is a lie that no checksum of 32 bits can be held to.
        before = os.pread(file.fd, len(garbage), first)
        os.pwrite(file.fd, garbage, first)
        touched = {first + at for at, (old, new) in enumerate(zip(before, garbage)) if old != new}
        whole = [
            event
            for event, start, end in zip(sent, starts, ends)
            if not any(start <= at < end for at in touched)
        ]
        found, damaged = read_all(reopened(file))
        assert found == whole
        assert (damaged > 0) == (len(whole) < len(sent))


@given(events, st.data())
def test_a_file_that_was_cut_gives_all_that_is_whole(sent: List[bytes], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, ends = written(Path(folder), sent)
        cut = data.draw(st.integers(0, file.size))
        os.truncate(file.path, cut)
        found, _ = read_all(reopened(file))
        assert found == [event for event, end in zip(sent, ends) if end <= cut]


def test_a_marker_within_an_event_is_no_record(tmp_path: Path) -> None:
    file = QueueFile.create(tmp_path, "1")
    for event in (MARKER * 3, b"next"):
        file.append(event)
    assert read_all(file) == ([MARKER * 3, b"next"], 0)


def test_a_short_write_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch) -> None:
    file = QueueFile.create(tmp_path, "1")
    file.append(b"first")
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: real(fd, data[:-2], at))
    try:
        file.append(b"second")
        raise AssertionError("it says that it was not written")
    except OSError:
        pass
    monkeypatch.undo()
    assert os.path.getsize(file.path) == file.size
    file.append(b"third")
    assert read_all(reopened(file)) == ([b"first", b"third"], 0)


def test_a_file_belongs_to_one_process_only(tmp_path: Path) -> None:
    file = QueueFile.create(tmp_path, "1")
    assert QueueFile.take_over(file.path) is None
    file.close()
    assert QueueFile.take_over(file.path) is not None


def test_a_file_that_is_gone_is_not_taken_over(tmp_path: Path) -> None:
    file = QueueFile.create(tmp_path, "1")
    file.remove()
    assert QueueFile.take_over(file.path) is None
