"""The two JSON writers that Python programs use: `python python.py json|json-utf8|orjson IN OUT`."""

import json
import sys
from datetime import datetime
from uuid import UUID

form, source, target = sys.argv[1:]


def text_of(event):
    sent = {
        "event": event["event"],
        "occurred": datetime.fromisoformat(event["occurred"].replace("Z", "+00:00")),
        "resource": event["resource"],
        "related": event["related"],
        "payload": event["payload"],
        "id": UUID(event["id"]),
        "follows": None if event["follows"] is None else UUID(event["follows"]),
    }
    if form == "orjson":
        import orjson

        return orjson.dumps(sent)
    plain = sent | {"occurred": sent["occurred"].isoformat(), "id": str(sent["id"])}
    plain["follows"] = event["follows"]
    if form == "json":
        return json.dumps(plain).encode()
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


with open(source, encoding="utf8") as file:
    texts = [text_of(made["event"]) for made in json.load(file)]
with open(target, "wb") as file:
    file.write(b"\0".join(texts))
