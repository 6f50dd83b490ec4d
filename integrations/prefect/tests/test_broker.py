"""The broker module as Prefect's own code uses it, over Prefect's memory broker."""

import asyncio
from datetime import datetime, timezone
from typing import List
from uuid import uuid4

import prefect.server.utilities.messaging as messaging
import pytest
import sluice_prefect
from prefect.server.events.messaging import EventPublisher
from prefect.server.events.schemas.events import ReceivedEvent
from prefect.server.utilities.messaging.memory import Cache, Topic


class Kept:
    """In place of the hook: what it was given, and how much the broker behind had by then."""

    def __init__(self, published: List[bytes]) -> None:
        self.events: List[bytes] = []
        self.published_before: List[int] = []
        self._published = published

    def take(self, event: bytes) -> None:
        self.events.append(event)
        self.published_before.append(len(self._published))


@pytest.fixture
def published(monkeypatch) -> List[bytes]:
    messages: List[bytes] = []

    async def publish(self, message) -> None:
        messages.append(message.data)

    monkeypatch.setattr(Topic, "publish", publish)
    return messages


@pytest.fixture
def kept(monkeypatch, published: List[bytes]) -> Kept:
    stand_in = Kept(published)
    monkeypatch.setattr(sluice_prefect, "hook_of_process", lambda settings: stand_in)
    return stand_in


def received(number: int) -> ReceivedEvent:
    now = datetime.now(timezone.utc)
    return ReceivedEvent(
        occurred=now,
        event="door.opened",
        resource={"prefect.resource.id": f"door.{number}"},
        payload={"n": 1.0, "text": "grüße"},
        id=uuid4(),
        received=now,
    )


def test_it_is_a_broker_in_prefects_eyes() -> None:
    assert isinstance(sluice_prefect, messaging.BrokerModule)


def test_an_event_is_kept_before_it_is_published_and_is_the_same(kept: Kept, published: List[bytes]) -> None:
    async def publish() -> None:
        inner = sluice_prefect.Publisher("events", Cache(), deduplicate_by="id")
        async with EventPublisher(publisher=inner) as publisher:
            for number in range(5):
                await publisher.publish_event(received(number))

    asyncio.run(publish())
    assert len(kept.events) == 5
    assert kept.events == published
    assert kept.published_before == [0, 1, 2, 3, 4]


def test_other_topics_are_not_for_sluice(kept: Kept, published: List[bytes]) -> None:
    async def publish() -> None:
        async with sluice_prefect.Publisher("actions", Cache()) as publisher:
            await publisher.publish_data(b"{}", {})

    asyncio.run(publish())
    assert published == [b"{}"] and kept.events == []
