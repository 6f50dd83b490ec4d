"""A process that is killed while it takes events: what it had taken is there."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sluice_prefect.durable_queue import DurableQueue

PROGRAM = """
import os, sys
from pathlib import Path
from sluice_prefect.durable_queue import DurableQueue
queue = DurableQueue(Path(sys.argv[1]), 1 << 30, file_bytes=20_000)
at = 0
while True:
    assert queue.add(b'{"at": %d, "pad": "%s"}' % (at, b"x" * (at % 3_000)))
    os.write(1, b"%d\\n" % at)
    at += 1
    if at % 500 == 0:
        batch = queue.next_batch(100, 1 << 20)
        os.write(1, b"sent %d\\n" % len(batch.events))
        queue.done(batch)
"""


@pytest.mark.parametrize("seed", range(4))
def test_what_was_taken_survives_kill_9(tmp_path: Path, seed: int) -> None:
    package = str(Path(__file__).parent.parent)
    output = tmp_path / "output"
    with open(output, "wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "queue")],
            stdout=file,
            env={**os.environ, "PYTHONPATH": package},
        )
    deadline = time.monotonic() + 60
    while output.stat().st_size < 20_000 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(random.Random(seed).random() * 0.3)
    child.send_signal(signal.SIGKILL)
    child.wait()
    said = output.read_text().splitlines()
    taken = [int(line) for line in said if line.isdigit()]
    sent = sum(int(line.split()[1]) for line in said if line.startswith("sent"))
    assert len(taken) > 1_000 and sent > 0

    queue = DurableQueue(tmp_path / "queue", 1 << 30)
    queue.take_over()
    found = []
    while (batch := queue.next_batch(500, 1 << 20)) is not None:
        found += [int(event[7 : event.index(b",")]) for event in batch.events]
        queue.done(batch)
    queue.close()
    # One that was being added may be there too, and a batch that was being noted as sent may come again.
    assert found[-1] in (taken[-1], taken[-1] + 1)
    assert found == list(range(found[0], found[-1] + 1)) and found[0] <= sent
