"""
Fills the SQLite database of a Prefect home with events, a line of JSON each on stdin, by Prefect's own models: the
rows that its event persister would write one batch after the other, in larger transactions. Prints how many.
"""

import asyncio
import itertools
import sys

from prefect.server.database import provide_database_interface
from prefect.server.events.schemas.events import ReceivedEvent

BATCH = 2_000


async def main() -> None:
    db = provide_database_interface()
    await db.create_db()
    written = 0
    while lines := list(itertools.islice(sys.stdin.buffer, BATCH)):
        events = [ReceivedEvent.model_validate_json(line) for line in lines]
        resources = [row for event in events for row in event.as_database_resource_rows()]
        async with db.session_context(begin_transaction=True) as session:
            await session.execute(db.queries.insert(db.Event), [event.as_database_row() for event in events])
            await session.execute(db.queries.insert(db.EventResource), resources)
        written += len(events)
    print(written)


asyncio.run(main())
