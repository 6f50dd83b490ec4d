"""The queue against a plain list: whatever is added, sent and killed, what waits is what the list says."""

import shutil
import tempfile
from pathlib import Path
from typing import List

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sluice_prefect.durable_queue import DurableQueue
from sluice_prefect.queue_file import SUFFIX

BYTES_MAX = 4_000


def files_in(folder: Path) -> List[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))


def kill(queue: DurableQueue) -> None:
    """All that the end of a process does: its descriptors go, and their locks with them."""
    for file in queue._files + queue._retired:
        file.close()


def drain(queue: DurableQueue) -> List[bytes]:
    found: List[bytes] = []
    while (batch := queue.next_batch(7, 500)) is not None:
        found += batch.events
        queue.done(batch)
    return found


class QueueAndList(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sluice-queue-"))
        self.expected: List[bytes] = []
        self.queue = DurableQueue(self.folder, BYTES_MAX, file_bytes=300)

    @rule(event=st.binary(max_size=200))
    def add(self, event: bytes) -> None:
        room = self.queue.waiting().bytes + len(event) <= BYTES_MAX
        assert self.queue.add(event) == room
        if room:
            self.expected.append(event)

    @rule(events_max=st.integers(1, 9), bytes_max=st.integers(1, 600))
    def send(self, events_max: int, bytes_max: int) -> None:
        batch = self.queue.next_batch(events_max, bytes_max)
        assert (batch is None) == (not self.expected)
        if batch is not None:
            assert batch.events == self.expected[: len(batch.events)] != []
            self.queue.done(batch)
            del self.expected[: len(batch.events)]

    @rule(is_killed=st.booleans(), amid_batch=st.booleans())
    def start_again(self, is_killed: bool, amid_batch: bool) -> None:
        if amid_batch:
            self.queue.next_batch(3, 100)
        kill(self.queue) if is_killed else self.queue.close()
        self.queue = DurableQueue(self.folder, BYTES_MAX, file_bytes=300)
        assert self.queue.take_over() == len(self.expected)

    @rule()
    def sync(self) -> None:
        self.queue.sync()

    @invariant()
    def says_what_waits(self) -> None:
        if not hasattr(self, "queue"):
            return
        waiting = self.queue.waiting()
        assert waiting.events == len(self.expected)
        assert (waiting.bytes == 0) == (not self.expected)
        # Sent ones give their files back: what is on the disk is what waits, and a file.
        assert sum(path.stat().st_size for path in files_in(self.folder)) <= waiting.bytes + 300 + 16 * 60 + 250

    def teardown(self) -> None:
        if hasattr(self, "queue"):
            assert drain(self.queue) == self.expected
            self.queue.close()
            assert files_in(self.folder) == []
            shutil.rmtree(self.folder)


TestQueueAndList = QueueAndList.TestCase
TestQueueAndList.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_full_queue_takes_no_more_and_loses_nothing(tmp_path: Path) -> None:
    queue = DurableQueue(tmp_path, 1_000)
    taken = [event for event in (b"%03d" % at * 10 for at in range(50)) if queue.add(event)]
    assert 10 < len(taken) < 50
    assert drain(queue) == taken
    assert queue.add(b"again")


def test_a_living_process_keeps_its_files(tmp_path: Path) -> None:
    one, other = DurableQueue(tmp_path, 10_000), DurableQueue(tmp_path, 10_000)
    one.add(b"mine")
    assert other.take_over() == 0
    kill(one)
    assert other.take_over() == 1
    assert drain(other) == [b"mine"]


def test_a_folder_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        DurableQueue(tmp_path / "file" / "queue", 1_000)
