"""Sluice as the sender sees it: who answers at the address, and what it says to a batch of events."""

import base64
import json
import ssl
from typing import Dict, List, NamedTuple, Optional

import httpx

from .settings import SettingError, Settings

ANSWER_SECONDS = 20.0
RETRY_AFTER_SECONDS_MAX = 30.0


class Answer(NamedTuple):
    """`status` is 0 where there was no answer; `reason` then says why."""

    status: int
    reason: str
    retry_after_seconds: float = 0.0


class SluiceApi:
    def __init__(self, settings: Settings) -> None:
        self.api = settings.api
        self._read_secret = settings.read_secret
        self._authorization: Optional[Dict[str, str]] = None
        # Without a file of its own, the system's authorities.
        context = ssl.create_default_context(cafile=settings.ca_file)
        self._client = httpx.Client(verify=context, timeout=ANSWER_SECONDS)

    def check(self) -> Answer:
        """200 only where Sluice answers. A Prefect at this address would send the hook its own events for ever."""
        answer = self._ask("GET", "/openapi.json")
        if answer.status == 200 and _title(answer.reason) != "Sluice":
            return Answer(0, "another server than Sluice answers there")
        return answer

    def post(self, events: List[bytes]) -> Answer:
        return self._ask("POST", "/events", b"[" + b",".join(events) + b"]")

    def close(self) -> None:
        self._client.close()

    def _ask(self, method: str, path: str, body: Optional[bytes] = None) -> Answer:
        try:
            headers = {"content-type": "application/json", "sluice-origin": "prefect", **self._signed()}
            answer = self._client.request(method, self.api + path, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, SettingError) as error:
            return Answer(0, str(error) or type(error).__name__)
        if answer.status_code == 401:
            self._authorization = None
        return Answer(answer.status_code, answer.text, _retry_after(answer.headers.get("retry-after")))

    def _signed(self) -> Dict[str, str]:
        """Tokens go by this scheme too: as the whole of the credentials."""
        if self._authorization is None:
            secret = self._read_secret()
            encoded = "" if secret is None else base64.b64encode(secret.encode()).decode()
            self._authorization = {"authorization": f"Basic {encoded}"} if encoded else {}
        return self._authorization


def _title(description: str) -> Optional[str]:
    try:
        return json.loads(description)["info"]["title"]
    except (ValueError, LookupError, TypeError):
        return None


def _retry_after(value: Optional[str]) -> float:
    return min(float(value), RETRY_AFTER_SECONDS_MAX) if value is not None and value.isdigit() else 0.0
