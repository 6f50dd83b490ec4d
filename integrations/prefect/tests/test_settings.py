"""Settings: what is right is read, and what is wrong is named."""

from pathlib import Path

import pytest
from sluice_prefect.settings import SettingError, read_settings

API = {"PREFECT_TO_SLUICE_API": "https://sluice.example.org/api/"}


def test_defaults() -> None:
    settings = read_settings(API, lambda: Path("/home/prefect"))
    assert settings.api == "https://sluice.example.org/api"
    assert settings.broker == "prefect.server.utilities.messaging.memory"
    assert settings.queue_dir == Path("/home/prefect/sluice-queue")
    assert settings.queue_bytes_max == 1024**3
    assert settings.read_secret() is None and settings.ca_file is None and settings.metrics_file is None


@pytest.mark.parametrize(
    ("text", "size"),
    [("16MiB", 16 * 1024**2), ("2 GiB", 2 * 1024**3), ("20000000", 20_000_000), ("20480kib", 20 * 1024**2)],
)
def test_sizes(text: str, size: int) -> None:
    assert read_settings({**API, "PREFECT_TO_SLUICE_QUEUE_BYTES_MAX": text}, Path).queue_bytes_max == size


def test_a_secret_of_a_file_loses_one_line_break(tmp_path: Path) -> None:
    file = tmp_path / "auth"
    file.write_text("admin:a b\n\n")
    assert read_settings({**API, "PREFECT_TO_SLUICE_AUTH_FILE": str(file)}, Path).read_secret() == "admin:a b\n"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"PREFECT_TO_SLUICE_API": ""}, "API is set but empty"),
        ({"PREFECT_TO_SLUICE_API": "sluice:4200"}, "is no address"),
        ({"PREFECT_TO_SLUICE_API": "http://a:secret@sluice/api"}, "holds a password"),
        ({"PREFECT_TO_SLUICE_AUTH": "a", "PREFECT_TO_SLUICE_AUTH_FILE": "/b"}, "one is enough"),
        ({"PREFECT_TO_SLUICE_AUTH_FILE": "/nowhere/at-all"}, "cannot be read"),
        ({"PREFECT_TO_SLUICE_CA_FILE": "/nowhere/at-all"}, "there is no file"),
        ({"PREFECT_TO_SLUICE_QUEUE_BYTES_MAX": "1GB"}, "is no number of bytes"),
        ({"PREFECT_TO_SLUICE_QUEUE_BYTES_MAX": "1MiB"}, "16MiB at least"),
        ({"PREFECT_TO_SLUICE_BROKER": "sluice_prefect"}, "names the broker behind"),
    ],
)
def test_a_wrong_one_is_named_and_no_secret_is_shown(changed: dict, named: str) -> None:
    with pytest.raises(SettingError) as raised:
        read_settings({**API, **changed}, Path)
    assert named in str(raised.value) and "a:secret" not in str(raised.value)


def test_without_an_address_it_says_so() -> None:
    with pytest.raises(SettingError, match="PREFECT_TO_SLUICE_API is not set"):
        read_settings({}, Path)
