"""Inngest's settings, and what every class of settings gets from the same loader."""

from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.inngest import settings as module
from core.inngest.errors import ConfigurationError
from core.inngest.settings import Settings, load_settings

KEYS = {"INNGEST_EVENT_KEY": "event-key", "INNGEST_SIGNING_KEY": "signkey-prod-" + "ab" * 32}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def read_settings(monkeypatch: pytest.MonkeyPatch, env: dict[str, str]) -> Settings:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    settings: Settings = load_settings(Settings)
    return settings


@pytest.mark.parametrize(
    ("env", "mode"),
    [
        ({}, "off"),
        ({"INNGEST_APP_ID": "shop"}, "off"),
        ({"INNGEST_DEV": "1"}, "dev"),
        ({"INNGEST_DEV": "http://127.0.0.1:8288"}, "dev"),
        ({"INNGEST_IS_PRODUCTION": "false"}, "dev"),
        (KEYS, "production"),
        (KEYS | {"INNGEST_DEV": "0"}, "production"),
        (KEYS | {"INNGEST_IS_PRODUCTION": "true"}, "production"),
    ],
)
def test_read_mode(monkeypatch: pytest.MonkeyPatch, env: dict[str, str], mode: str) -> None:
    assert read_settings(monkeypatch, env).mode == mode


def test_read_settings_with_keys_alone_is_production_in_the_cloud(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = read_settings(monkeypatch, KEYS)

    assert settings.api_origin == "https://api.inngest.com"
    assert settings.event_api_origin == "https://inn.gs"


@pytest.mark.parametrize(
    ("env", "origin"),
    [
        ({"INNGEST_DEV": "1"}, module.DEV_SERVER_ORIGIN),
        ({"INNGEST_EVENT_API_URL": "http://guide:1"}, "http://guide:1"),
        (
            {"INNGEST_DEV": "http://dev:2", "INNGEST_EVENT_API_URL": "http://guide:1"},
            "http://dev:2",
        ),
        ({"INNGEST_DEV": "http://dev:2", "INNGEST_BASE_URL": "http://base:3/"}, "http://base:3"),
        (
            {
                "INNGEST_BASE_URL": "http://base:3",
                "INNGEST_EVENT_API_BASE_URL": "http://event:4",
            },
            "http://event:4",
        ),
        ({"INNGEST_BASE_URL": "  "}, module.DEV_SERVER_ORIGIN),
        ({"INNGEST_BASE_URL": "'\"http://base:3\"'"}, "http://base:3"),  # docker keeps quotes
    ],
)
def test_read_settings_prefers_the_sdks_names(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], origin: str
) -> None:
    assert read_settings(monkeypatch, env).event_api_origin == origin


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (
            {"INNGEST_DEV": "0"},
            "INNGEST_EVENT_KEY and INNGEST_SIGNING_KEY must be set in production: take the values "
            "from the Inngest dashboard or, self-hosted, from the server's settings.",
        ),
        (
            {"INNGEST_IS_PRODUCTION": "true", "INNGEST_EVENT_KEY": "k"},
            "INNGEST_SIGNING_KEY must be set in production",
        ),
        # a key alone: the other was forgotten
        ({"INNGEST_EVENT_KEY": "k"}, "INNGEST_SIGNING_KEY must be set in production"),
        (
            {"INNGEST_SIGNING_KEY": ""},
            "INNGEST_SIGNING_KEY is blank: give it its value, or remove it.",
        ),
        (
            KEYS | {"INNGEST_EVENT_KEY": " "},
            "INNGEST_EVENT_KEY is blank: give it its value, or remove it.",
        ),
        (
            KEYS | {"INNGEST_SIGNING_KEY": "secret"},
            "INNGEST_SIGNING_KEY is not hexadecimal: copy it again, or make one with `openssl "
            "rand -hex 32`.",
        ),
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
            "INNGEST_BASE_URL=inngest:1 has no scheme: write http://inngest:1 or "
            "https://inngest:1.",
        ),
        (
            {"INNGEST_BASE_URL": "http://inngest"},
            "INNGEST_BASE_URL=http://inngest has no port, so the SDK ignores it: write "
            "http://inngest:8288.",
        ),
        (
            {"INNGEST_BASE_URL": "http://inngest:8288/e"},
            "has a path: write http://inngest:8288, for the SDK drops the path.",
        ),
        (
            {"INNGEST_BASE_URL": "http://inngest:x"},
            "INNGEST_BASE_URL=http://inngest:x is not a URL",
        ),
        (
            {"INNGEST_BASE_URL": "http://inngest:0"},
            "INNGEST_BASE_URL=http://inngest:0 is not a URL",
        ),
        (
            {"INNGEST_BASE_URL": "http://inn gest:8288"},
            "INNGEST_BASE_URL=http://inn gest:8288 is not a URL",
        ),
        *[
            (KEYS | {"INNGEST_EVENT_KEY": key}, "INNGEST_EVENT_KEY has a space, a comma or another")
            for key in (
                "new,old",
                "a/b",
                "a\nb",
                "a?b",
                "sch\N{LATIN SMALL LETTER U WITH DIAERESIS}",
            )
        ],
        ({"INNGEST_ENV": "a\r\nHost: b"}, "is not a name: write it like a branch's."),
        (
            {"INNGEST_SERVE_ORIGIN": "app.example.com"},
            "INNGEST_SERVE_ORIGIN=app.example.com has no scheme",
        ),
        (
            {"INNGEST_SERVE_ORIGIN": "https://example.com/shop"},
            "has a path: write INNGEST_SERVE_ORIGIN=https://example.com and "
            "INNGEST_SERVE_PATH=/shop/api/inngest.",
        ),
        ({"INNGEST_SERVE_PATH": "shop"}, "INNGEST_SERVE_PATH=shop is not a path"),
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
            "INNGEST_DEV=1 and INNGEST_IS_PRODUCTION=true contradict each other: remove one of "
            "them.",
        ),
        (
            KEYS | {"INNGEST_DEV": "1"},
            "INNGEST_DEV=1 turns signature checks off beside INNGEST_SIGNING_KEY: "
            "in production remove the former, in development the latter.",
        ),
        ({"INNGEST_APP_ID": "My App"}, "INNGEST_APP_ID=My App is not an id: write it in small"),
        ({"INNGEST_SIGNATURE_WINDOW": "soon"}, "INNGEST_SIGNATURE_WINDOW: Input should be a valid"),
    ],
)
def test_read_settings_refuses(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_settings(monkeypatch, env)

    assert message in str(error.value)


def test_read_settings_names_every_wrong_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"INNGEST_EVENT_KEY": "", "INNGEST_BASE_URL": "x", "INNGEST_DEV": "maybe"}

    with pytest.raises(ConfigurationError) as error:
        read_settings(monkeypatch, env)

    lines = str(error.value).splitlines()
    assert len(lines) == 3
    assert all(any(name in line for line in lines) for name in env)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PORT=\xe9\n", ".env is not UTF-8"),
        ("PORT=8300\n".encode("utf-16"), ".env is not UTF-8"),
        (b"PORT=8300\n" + "PORT=8400\n".encode("utf-16-le"), ".env is not UTF-8"),
        (b'PORT=8300\nINNGEST_DEV="1\n', ".env, line 2: write NAME=value"),
        (
            b"INGEST_BASE_URL=http://x:1\n",
            "INGEST_BASE_URL is not read by anything: write INNGEST_",
        ),
        (b"INNGEST_SIGNINGKEY=ab\n", "is not read by anything: write INNGEST_SIGNING_KEY."),
        (b"inngest_event_kye=ab\n", "is not read by anything: write INNGEST_EVENT_KEY."),
    ],
)
def test_read_settings_refuses_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")

    with pytest.raises(ConfigurationError) as error:
        read_settings(monkeypatch, {})

    assert message in str(error.value)


def test_read_settings_from_a_file_that_is_another_programs_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(
        "\N{ZERO WIDTH NO-BREAK SPACE}INNGEST_DEV=1\nINDEX_URL=x\nexport MINE='a # b'\n".encode()
    )
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")

    assert read_settings(monkeypatch, {}).mode == "dev"


def test_say_which_variable_of_the_environment_is_misspelt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_SIGNINGKEY", "x")
    monkeypatch.setenv("INNGEST_HOST", "0.0.0.0")  # the server's own

    assert module.find_misspelt_variables() == [
        "INNGEST_SIGNINGKEY is not read by anything: write INNGEST_SIGNING_KEY."
    ]


def test_print_settings_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(monkeypatch, KEYS)

    assert "event-key" not in f"{settings!r} {settings}"
    assert KEYS["INNGEST_SIGNING_KEY"] not in f"{settings!r} {settings}"


def test_name_every_setting_in_env_example() -> None:
    example = (module.PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")

    names = [name.upper() for name in Settings.model_fields]
    assert [name for name in names if f"{name}=" not in example] == []


class Address(BaseModel):
    host: str
    port: int = 5432


class TeamSettings(BaseSettings):
    """Fields of the shapes that pydantic-settings documents."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, env_nested_delimiter="__", env_prefix="shop_", extra="ignore"
    )

    database_url: str
    cors_origins: list[str] = []
    limits: dict[str, int] = {}
    address: Address = Address(host="localhost")


@pytest.mark.parametrize("blank", [{}, {"SHOP_CORS_ORIGINS": "", "SHOP_LIMITS": ""}])
def test_load_settings_of_every_shape(
    monkeypatch: pytest.MonkeyPatch, blank: dict[str, str]
) -> None:
    env = {"SHOP_DATABASE_URL": "sqlite://", "SHOP_ADDRESS__HOST": "db"} | blank
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    settings = load_settings(TeamSettings)

    assert settings.cors_origins == []
    assert settings.limits == {}
    assert settings.address == Address(host="db")


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({}, "SHOP_DATABASE_URL must be set: in the environment, or in .env."),
        ({"SHOP_CORS_ORIGINS": "a,b"}, """SHOP_CORS_ORIGINS is not JSON: write a list as """),
        ({"SHOP_ADDRESS__PORT": "x"}, "SHOP_ADDRESS__PORT: Input should be a valid integer"),
    ],
)
def test_load_settings_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], message: str
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError) as error:
        load_settings(TeamSettings)

    assert message in str(error.value)
