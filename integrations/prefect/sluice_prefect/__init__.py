"""A broker for Prefect's server that hands every event on to Sluice, and leaves all else to the broker behind it.

    PREFECT_MESSAGING_BROKER=sluice_prefect
    PREFECT_TO_SLUICE_API=http://sluice:4200/api

README.md beside this package has the other settings.
"""

import importlib
import os
from pathlib import Path
from typing import Any, Mapping

from .hook import hook_of_process
from .settings import read_settings

__all__ = ["Consumer", "Publisher", "break_topic", "ephemeral_subscription"]


def _prefect_home() -> Path:
    from prefect.settings import PREFECT_HOME

    return Path(PREFECT_HOME.value())


_settings = read_settings(os.environ, _prefect_home)
_broker = importlib.import_module(_settings.broker)

ephemeral_subscription = _broker.ephemeral_subscription
break_topic = _broker.break_topic


class Publisher(_broker.Publisher):  # type: ignore[misc, name-defined]
    """The publisher of the broker behind, with the event kept for Sluice before it is published."""

    def __init__(self, topic: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(topic, *args, **kwargs)
        self._is_for_sluice = topic == "events"

    async def publish_data(self, data: bytes, attributes: Mapping[str, str]) -> None:
        if self._is_for_sluice:
            hook_of_process(_settings).take(data)
        await super().publish_data(data, attributes)


class Consumer(_broker.Consumer):  # type: ignore[misc, name-defined]
    """The consumer of the broker behind. A server that starts makes one, so the hook sends what waits from then on."""

    def __init__(self, topic: str, *args: Any, **kwargs: Any) -> None:
        hook_of_process(_settings)
        super().__init__(topic, *args, **kwargs)
