import pytest

from core.config import Settings, get_settings
from core.inngest.errors import ConfigurationError


def test_read_settings_with_nothing_set_has_every_default() -> None:
    assert get_settings().log_level == "INFO"


def test_read_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")

    assert get_settings.__wrapped__().log_level == "DEBUG"


def test_read_settings_names_a_wrong_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "LOUD")

    with pytest.raises(ConfigurationError, match="LOG_LEVEL: Input should be 'DEBUG', 'INFO'"):
        get_settings.__wrapped__()


def test_read_settings_takes_blank_for_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "")

    assert get_settings.__wrapped__() == Settings()
