"""What the client of Prefect that is installed sends for each event: `python prefect_client.py IN OUT`."""

import json
import sys

from prefect.events import Event

source, target = sys.argv[1:]


def text_of(event):
    sent = Event(**event)
    # As `PrefectEventsClient` does: `json()` up to 2.20, `model_dump_json()` since 3.0.
    return (sent.model_dump_json() if hasattr(sent, "model_dump_json") else sent.json()).encode()


with open(source, encoding="utf8") as file:
    texts = [text_of(made["event"]) for made in json.load(file)]
with open(target, "wb") as file:
    file.write(b"\0".join(texts))
