"""What is sent, tried again, set aside and told, against a server that answers as it is told to."""

import json
import logging
import os
import signal
import time
from pathlib import Path
from typing import Callable, Iterator, List

import pytest
from sluice_prefect import sender
from sluice_prefect.durable_queue import DurableQueue
from sluice_prefect.hook import Hook
from sluice_prefect.settings import read_settings
from sluice_prefect.warnings_a_minute import WarningsAMinute
from sluice_stand_in import StandIn

DEADLINE_SECONDS = 20.0


def until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not fact():
        assert time.monotonic() < deadline, "it does not come to hold"
        time.sleep(0.01)


@pytest.fixture
def server() -> Iterator[StandIn]:
    stand_in = StandIn()
    yield stand_in
    stand_in.close()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch) -> None:
    monkeypatch.setattr(sender, "PAUSE_SECONDS_MAX", 0.1)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Hook]]:
    hooks: List[Hook] = []

    def start_hook(server: StandIn, **more: str) -> Hook:
        env = {"API": server.api, "QUEUE_DIR": str(tmp_path / "queue"), **more}
        hook = Hook(read_settings({f"PREFECT_TO_SLUICE_{name}": value for name, value in env.items()}, Path))
        hooks.append(hook)
        hook.start()
        return hook

    yield start_hook
    for hook in hooks:
        hook.stop()


def numbered(count: int) -> List[bytes]:
    return [b'{"id": %d, "number": 1.0, "text": "gr\xc3\xbc\xc3\x9fe"}' % at for at in range(count)]


def test_every_event_goes_on_byte_for_byte_in_order(server: StandIn, start: Callable[..., Hook]) -> None:
    hook, events = start(server, AUTH="admin:geheim"), numbered(1_300)
    for event in events:
        hook.take(event)
    until(lambda: len(server.taken) == 1_300)
    assert server.taken == events
    assert max(server.batches) <= 500
    assert server.headers[0]["authorization"] == "Basic YWRtaW46Z2VoZWlt"
    assert server.headers[0]["sluice-origin"] == "prefect"


def test_no_answer_and_any_other_refusal_is_tried_again(server: StandIn, start: Callable[..., Hook]) -> None:
    statuses = [503, 401, 403, 404, 429, 500, 302, 400, 200]
    server.judge = lambda events: (statuses.pop(0), {"retry-after": "0"}) if statuses else (204, {})
    hook = start(server)
    hook.take(b'{"id": 1}')
    until(lambda: server.taken == [b'{"id": 1}'])
    assert hook._metrics.of("retries") == 9
    assert hook._metrics.of("refused") == 0


def test_retry_after_is_kept(server: StandIn, start: Callable[..., Hook]) -> None:
    times: List[float] = []

    def judge(events: List[bytes]) -> "tuple[int, dict]":
        times.append(time.monotonic())
        return (429, {"retry-after": "1"}) if len(times) == 1 else (204, {})

    server.judge = judge
    start(server).take(b"{}")
    until(lambda: len(times) == 2)
    assert times[1] - times[0] >= 1.0


@pytest.mark.parametrize("status", [413, 422])
def test_refused_events_alone_are_set_aside(
    server: StandIn, start: Callable[..., Hook], tmp_path: Path, status: int
) -> None:
    events = numbered(300)
    bad = {events[0], events[1], events[77], events[299]}
    server.judge = lambda batch: (status, {}) if bad & set(batch) else (204, {})
    hook = start(server)
    for event in events:
        hook.take(event)
    until(lambda: hook._queue.waiting().events == 0)
    assert server.taken == [event for event in events if event not in bad]
    assert hook._metrics.of("refused") == 4 and hook._metrics.of("sent") == 296
    lines = (tmp_path / "queue" / "refused.ndjson").read_bytes().splitlines()
    assert [line.split(b'"event": ', 1)[1][:-1] for line in lines] == [event for event in events if event in bad]
    assert all(json.loads(line)["status"] == status and json.loads(line)["reason"] == "said no" for line in lines)


def test_another_server_than_sluice_gets_nothing(start: Callable[..., Hook], caplog) -> None:
    prefect = StandIn(title="Prefect Prefect REST API")
    hook = start(prefect)
    hook.take(b"{}")
    until(lambda: "another server than Sluice answers" in caplog.text)
    prefect.title = "Sluice"
    until(lambda: prefect.taken == [b"{}"])
    assert prefect.batches == [1]
    prefect.close()


def test_a_full_queue_drops_the_newest_and_blocks_nobody(
    server: StandIn, start: Callable[..., Hook], tmp_path: Path, caplog
) -> None:
    server.judge = lambda events: (503, {})
    metrics = tmp_path / "hook-{pid}.prom"
    hook = start(server, QUEUE_BYTES_MAX="16MiB", METRICS_FILE=str(metrics))
    event = b'"' + b"x" * 99_998 + b'"'
    started = time.monotonic()
    for _ in range(400):
        hook.take(event)
    assert time.monotonic() - started < 10
    waiting = hook._queue.waiting().events
    assert 160 < waiting < 168 and hook._metrics.of("dropped") == 400 - waiting
    until(lambda: "The queue is full" in caplog.text)
    [page] = tmp_path.glob("hook-*.prom")
    until(lambda: f"prefect_to_sluice_dropped_total {400 - waiting}\n" in page.read_text())
    assert f"prefect_to_sluice_waiting {waiting}\n" in page.read_text()
    server.judge = lambda events: (204, {})
    until(lambda: len(server.taken) == waiting)


def test_an_outage_is_told_once_with_the_figures(server: StandIn, start: Callable[..., Hook], caplog) -> None:
    server.judge = lambda events: (503, {})
    hook = start(server)
    for event in numbered(500):
        hook.take(event)
    until(lambda: hook._metrics.of("retries") >= 6 and "Sluice:" in caplog.text)
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1 and "503 said no" in warnings[0] and "waiting 500" in warnings[0]


def test_warnings_are_a_line_a_minute_whatever_happens(caplog) -> None:
    warnings, told = WarningsAMinute(logging.getLogger("prefect.sluice")), []
    for second in range(600):
        for number in range(3):
            warnings.note("away", f"away {second}.{number}.")
        if second % 7 == 0:
            warnings.note("dropped", "dropped.")
        warnings.tell(1_000.0 + second, "figures")
        told.append(len(caplog.records))
    assert told[0] == 1 and told[-1] == 10
    assert caplog.records[-1].getMessage() == "Sluice: away 540.2. dropped. (figures)"
    warnings.tell(9_000.0, "figures")
    warnings.note("away", "over before it is told")
    warnings.forget("away")
    warnings.tell(10_000.0, "figures")
    assert len(caplog.records) == 11


def test_what_a_process_left_is_sent_by_the_next(server: StandIn, start: Callable[..., Hook]) -> None:
    server.judge = lambda events: (503, {})
    first = start(server)
    for event in numbered(50):
        first.take(event)
    first.stop()
    server.judge = lambda events: (204, {})
    start(server)
    until(lambda: server.taken == numbered(50))


def test_a_changed_auth_file_is_read_again(server: StandIn, start: Callable[..., Hook], tmp_path: Path) -> None:
    file = tmp_path / "auth"
    file.write_text("old\n")
    server.judge = lambda events: (204, {}) if server.headers[-1]["authorization"] == "Basic bmV3" else (401, {})
    hook = start(server, AUTH_FILE=str(file))
    hook.take(b"{}")
    until(lambda: hook._metrics.of("retries") > 0)
    file.write_text("new\n")
    until(lambda: server.taken == [b"{}"])


def test_a_fork_leaves_the_files_to_its_parent(server: StandIn, start: Callable[..., Hook], tmp_path: Path) -> None:
    server.judge = lambda events: (503, {})
    hook = start(server)
    hook.take(b"{}")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        hook.leave_to_parent()
        os.write(writer, b"left")
        signal.pause()
    try:
        assert os.read(reader, 4) == b"left"
        hook.stop()
        taken = DurableQueue(tmp_path / "queue", 1_000_000)
        assert taken.take_over() == 1
        taken.close()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
