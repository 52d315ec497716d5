"""This app's own settings, from the environment or from `.env`; Inngest's are in
`core.inngest.settings`.

A field `database_url: PostgresDsn` is read from the variable DATABASE_URL, and the app does not
start without it. Lists, models and whatever else pydantic-settings documents work as there:
https://docs.pydantic.dev/latest/concepts/pydantic_settings
"""

from functools import lru_cache
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

from core.inngest.settings import ENV_FILE, load_settings


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8-sig",  # with or without the mark that Windows editors put first
        env_ignore_empty=True,  # blank is unset
        extra="ignore",  # the file has Inngest's settings, too
        hide_input_in_errors=True,
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


@lru_cache
def get_settings() -> Settings:
    """The settings of this process.

    Raises:
        ConfigurationError: A variable is missing or wrong; the message names each one.
    """
    return load_settings(Settings)
