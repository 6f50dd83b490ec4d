"""A small HTTP server that answers as Sluice's routes do, for what the real one cannot be made to say at will."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable, List, Tuple

#: Status and headers for a batch, given the texts of its events.
Judge = Callable[[List[bytes]], Tuple[int, dict]]


class StandIn:
    def __init__(self, judge: Judge = lambda events: (204, {}), title: str = "Sluice") -> None:
        self.judge, self.title = judge, title
        self.taken: List[bytes] = []
        self.batches: List[int] = []
        self.headers: List[dict] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.answer(200, {}, json.dumps({"info": {"title": stand_in.title}}).encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                events = split_array(body)
                stand_in.headers.append({name.lower(): value for name, value in self.headers.items()})
                stand_in.batches.append(len(events))
                status, headers = stand_in.judge(events)
                if status == 204:
                    stand_in.taken.extend(events)
                self.answer(status, headers, b"" if status == 204 else b"said no")

            def answer(self, status: int, headers: dict, body: bytes) -> None:
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.api = f"http://127.0.0.1:{self._server.server_address[1]}/api"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def split_array(body: bytes) -> List[bytes]:
    """The texts of a JSON array's items, byte for byte as they were sent."""
    decoder, text, items = json.JSONDecoder(), body.decode(), []
    at = 1
    while at < len(text) - 1:
        _, end = decoder.raw_decode(text, at)
        items.append(text[at:end].encode())
        at = end + 1
    return items
