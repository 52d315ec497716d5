from pathlib import Path

import pytest

from core import config
from core.config import Settings, get_settings
from core.errors import StartupError

KEYS = {"INNGEST_EVENT_KEY": "event-key", "INNGEST_SIGNING_KEY": "signkey-prod-" + "ab" * 32}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def read_settings(monkeypatch: pytest.MonkeyPatch, **env: str) -> Settings:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return get_settings.__wrapped__()


def test_read_settings_with_nothing_set_is_dev_mode_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = read_settings(monkeypatch)

    assert not settings.is_production
    assert settings.api_origin == settings.event_api_origin == config.DEV_SERVER_ORIGIN


def test_read_settings_with_keys_alone_is_production_in_the_cloud(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = read_settings(monkeypatch, **KEYS)

    assert settings.is_production
    assert (settings.api_origin, settings.event_api_origin) == (
        "https://api.inngest.com",
        "https://inn.gs",
    )


@pytest.mark.parametrize(
    ("env", "origin"),
    [
        ({"INNGEST_EVENT_API_URL": "http://guide:1"}, "http://guide:1"),
        (
            {"INNGEST_DEV": "http://dev:2", "INNGEST_EVENT_API_URL": "http://guide:1"},
            "http://dev:2",
        ),
        ({"INNGEST_DEV": "http://dev:2", "INNGEST_BASE_URL": "http://base:3/"}, "http://base:3"),
        (
            {"INNGEST_BASE_URL": "http://base:3", "INNGEST_EVENT_API_BASE_URL": "http://event:4"},
            "http://event:4",
        ),
        ({"INNGEST_BASE_URL": "  "}, config.DEV_SERVER_ORIGIN),
    ],
)
def test_read_settings_prefers_the_sdks_names(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], origin: str
) -> None:
    assert read_settings(monkeypatch, **env).event_api_origin == origin


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (
            {"INNGEST_DEV": "0"},
            "INNGEST_EVENT_KEY and INNGEST_SIGNING_KEY must be set in production",
        ),
        (
            {"INNGEST_IS_PRODUCTION": "true", "INNGEST_EVENT_KEY": "k"},
            "INNGEST_SIGNING_KEY must be set in production",
        ),
        (
            {"INNGEST_SIGNING_KEY": ""},
            "INNGEST_SIGNING_KEY is blank: give it its value, or remove it.",
        ),
        (
            KEYS | {"INNGEST_EVENT_KEY": " "},
            "INNGEST_EVENT_KEY is blank: give it its value, or remove it.",
        ),
        (KEYS | {"INNGEST_SIGNING_KEY": "secret"}, "INNGEST_SIGNING_KEY is not hexadecimal"),
        (
            KEYS | {"INNGEST_SIGNING_KEY_FALLBACK": "abc"},
            "INNGEST_SIGNING_KEY_FALLBACK is not hexadecimal",
        ),
        (
            KEYS | {"INNGEST_SIGNING_KEY": "ab"},
            "INNGEST_SIGNING_KEY is so short that it can be guessed",
        ),
        (
            {"INNGEST_BASE_URL": "inngest:1"},
            "INNGEST_BASE_URL=inngest:1 has no scheme: write http://inngest:1 or",
        ),
        (
            {"INNGEST_BASE_URL": "http://inngest"},
            "has no port, so the SDK ignores it: write http://inngest:8288.",
        ),
        (
            {"INNGEST_BASE_URL": "http://inngest:8288/e"},
            "has a path, which the SDK drops: write http://inngest:8288.",
        ),
        (
            {"INNGEST_BASE_URL": "http://inngest:x"},
            "INNGEST_BASE_URL=http://inngest:x is not a URL",
        ),
        (
            {"INNGEST_SERVE_ORIGIN": "app.example.com"},
            "INNGEST_SERVE_ORIGIN=app.example.com has no scheme",
        ),
        (
            {"INNGEST_BASE_URL": "http://me:secret@inngest:x"},
            "INNGEST_BASE_URL has a user or a password in it",
        ),
        (
            {"INNGEST_DEV": "off"},
            "INNGEST_DEV=off is not a mode: write 1, 0 or the Dev Server's URL.",
        ),
        (
            {"INNGEST_DEV": "1", "INNGEST_IS_PRODUCTION": "true"},
            "INNGEST_DEV=1 and INNGEST_IS_PRODUCTION=true contradict each other: remove one of them.",
        ),
        (
            KEYS | {"INNGEST_DEV": "1"},
            "INNGEST_DEV=1 turns signature checks off beside INNGEST_SIGNING_KEY",
        ),
        ({"PORT": "http"}, "PORT: Input should be a valid integer"),
        ({"INNGEST_APP_ID": "My App"}, "INNGEST_APP_ID: String should match pattern"),
    ],
)
def test_read_settings_refuses(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], message: str
) -> None:
    with pytest.raises(StartupError) as error:
        read_settings(monkeypatch, **env)

    assert message in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PORT=\xe9\n", ".env is not UTF-8"),
        ("PORT=8300\n".encode("utf-16"), ".env is not UTF-8"),
        (b"PORT=8300\n" + "PORT=8400\n".encode("utf-16-le"), ".env is not UTF-8"),
        (b'PORT=8300\nINNGEST_DEV="1\n', ".env, line 2: write NAME=value"),
    ],
)
def test_read_settings_refuses_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")

    with pytest.raises(StartupError) as error:
        read_settings(monkeypatch)

    assert message in str(error.value)


def test_print_settings_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(monkeypatch, **KEYS)

    assert "event-key" not in f"{settings!r} {settings}"
    assert KEYS["INNGEST_SIGNING_KEY"] not in f"{settings!r} {settings}"


def test_name_every_setting_in_env_example() -> None:
    example = (config.PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")

    assert [
        name.upper() for name in Settings.model_fields if f"# {name.upper()}=" not in example
    ] == []
