"""The real Prefect client, driven by the interop tests: `emit`, `read` and `page`, one JSON line for each event.

The server and the auth string come from the client's own settings: PREFECT_API_URL and PREFECT_API_AUTH_STRING.
"""

import argparse
import asyncio
import json
import sys
from datetime import timedelta

from prefect.client.orchestration import get_client
from prefect.events import Event, Resource
from prefect.events.clients import get_events_client, get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.types._datetime import now


def say(line):
    print(line, flush=True)


async def emit(prefix, count, pause_at):
    """Emits `count` events; before each number in `pause_at` says so and waits for a line on stdin."""
    async with get_events_client() as client:
        assert type(client).__name__ == "PrefectEventsClient", client
        for number in range(count):
            if number in pause_at:
                say("paused")
                await asyncio.to_thread(sys.stdin.readline)
            event = Event(
                occurred=now("UTC") - timedelta(microseconds=count - number),
                event=f"{prefix}.{number}",
                resource=Resource({"prefect.resource.id": f"{prefix}.{number % 7}", "kind": "interop"}),
                related=[{"prefect.resource.id": f"{prefix}.owner", "prefect.resource.role": "owner"}],
                payload={"number": number, "text": "grüße", "nested": {"list": [1, 2.5, None, True]}},
            )
            await client.emit(event)
            say(json.dumps({"id": str(event.id), "number": number}))


async def read(prefix, count):
    """Reads until `count` different events of the prefix have come. (The client itself drops repeats.)"""
    seen = {}
    event_filter = EventFilter(event=EventNameFilter(prefix=[f"{prefix}."]))
    async with get_events_subscriber(filter=event_filter) as subscriber:
        say("ready")
        async for event in subscriber:
            assert event.resource["kind"] == "interop", event
            assert event.related[0].role == "owner", event
            assert event.payload["text"] == "grüße", event
            say(json.dumps({"id": str(event.id), "number": event.payload["number"]}))
            seen[event.id] = True
            if len(seen) == count:
                return
    say("ended early")


async def page(prefix, count):
    """Reads all events of the prefix page by page, newest first, following each page's own link."""
    event_filter = EventFilter(event=EventNameFilter(prefix=[f"{prefix}."]))
    async with get_client() as client:
        found = await client.read_events(filter=event_filter, limit=50)
        assert found.total == count, found.total
        while found is not None:
            for event in found.events:
                say(json.dumps({"id": str(event.id), "number": event.payload["number"]}))
            found = await found.get_next_page(client)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["emit", "read", "page"])
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--pause-at", type=int, nargs="*", default=[])
    given = parser.parse_args()
    if given.what == "emit":
        asyncio.run(emit(given.prefix, given.count, given.pause_at))
    elif given.what == "page":
        asyncio.run(page(given.prefix, given.count))
    else:
        asyncio.run(read(given.prefix, given.count))


main()
