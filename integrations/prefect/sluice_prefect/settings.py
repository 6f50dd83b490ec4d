"""Settings from the environment, read once. A wrong one stops the Prefect server with a sentence."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping, Optional
from urllib.parse import urlsplit

MEMORY_BROKER = "prefect.server.utilities.messaging.memory"
MEBIBYTE = 1024 * 1024
#: Smaller ones would hold less than one file and one large event.
QUEUE_BYTES_MIN = 16 * MEBIBYTE
UNITS = {"": 1, "kib": 1024, "mib": MEBIBYTE, "gib": 1024 * MEBIBYTE}


class SettingError(ValueError):
    """A setting that cannot be used; the sentence names it."""


@dataclass(frozen=True)
class Settings:
    #: Ends in `/api`, as Prefect's own addresses do.
    api: str
    #: The module of the broker that is wrapped.
    broker: str
    queue_dir: Path
    queue_bytes_max: int
    #: The auth string or the token, read anew when it was refused; None without one.
    read_secret: Callable[[], Optional[str]]
    ca_file: Optional[str]
    metrics_file: Optional[str]


def read_settings(environment: Mapping[str, str], prefect_home: Callable[[], Path]) -> Settings:
    """Raises SettingError. `prefect_home` is asked only where no folder for the queue is given."""

    def text(name: str) -> Optional[str]:
        value = environment.get(f"PREFECT_TO_SLUICE_{name}")
        if value is not None and not value.strip():
            raise SettingError(f"PREFECT_TO_SLUICE_{name} is set but empty.")
        return value

    folder = text("QUEUE_DIR")
    broker = text("BROKER") or MEMORY_BROKER
    if broker.split(".")[0] == "sluice_prefect":
        raise SettingError("PREFECT_TO_SLUICE_BROKER names the broker behind this one, as prefect_redis.messaging.")
    ca_file = text("CA_FILE")
    if ca_file is not None and not os.path.isfile(ca_file):
        raise SettingError(f"PREFECT_TO_SLUICE_CA_FILE: there is no file {ca_file}.")
    return Settings(
        api=_api(text("API")),
        broker=broker,
        queue_dir=Path(folder) if folder else prefect_home() / "sluice-queue",
        queue_bytes_max=_bytes("QUEUE_BYTES_MAX", text("QUEUE_BYTES_MAX") or "1GiB"),
        read_secret=_secret(text("AUTH"), text("AUTH_FILE")),
        ca_file=ca_file,
        metrics_file=text("METRICS_FILE"),
    )


def _api(value: Optional[str]) -> str:
    if value is None:
        raise SettingError("PREFECT_TO_SLUICE_API is not set: the address of Sluice, as http://sluice:4200/api.")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingError("PREFECT_TO_SLUICE_API is no address such as http://sluice:4200/api.")
    if parts.username is not None or parts.password is not None:
        raise SettingError("PREFECT_TO_SLUICE_API holds a password: it belongs in PREFECT_TO_SLUICE_AUTH_FILE.")
    return value.rstrip("/")


def _secret(value: Optional[str], file: Optional[str]) -> Callable[[], Optional[str]]:
    if value is not None and file is not None:
        raise SettingError("Both PREFECT_TO_SLUICE_AUTH and PREFECT_TO_SLUICE_AUTH_FILE are set: one is enough.")
    if file is None:
        return lambda: value

    def read() -> str:
        try:
            secret = re.sub(r"\r?\n\Z", "", Path(file).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(f"PREFECT_TO_SLUICE_AUTH_FILE cannot be read: {error}") from None
        if not secret:
            raise SettingError(f"PREFECT_TO_SLUICE_AUTH_FILE: {file} is empty.")
        return secret

    read()
    return read


def _bytes(name: str, value: str) -> int:
    """A number of bytes, or one with KiB, MiB or GiB behind it."""
    match = re.fullmatch(r"(\d+)\s*(kib|mib|gib|)", value.strip().lower())
    if match is None:
        raise SettingError(f"PREFECT_TO_SLUICE_{name} is no number of bytes, as 1073741824 or 1GiB.")
    size = int(match[1]) * UNITS[match[2]]
    if size < QUEUE_BYTES_MIN:
        raise SettingError(f"PREFECT_TO_SLUICE_{name} must be 16MiB at least.")
    return size
