"""What these tools say to people, in the language of the project.

The text in the code is English and names its values: t("Port {port} {reason}.", port=8200, ...).
words_zh.py has the Chinese of each; a text that is missing there stays English.
"""

from functools import lru_cache
from unicodedata import east_asian_width

from inngest_devtools.errors import DevtoolsError


def t(english: str, /, **values: object) -> str:
    """A text in the project's language, with its values."""
    return _read_translations().get(english, english).format(**values)


def later(english: str) -> str:
    """A text that is kept where no project is known yet, and goes through `t` when it is said."""
    return english


def pad(text: str, width: int) -> str:
    """Spaces after it, up to a number of columns; a Chinese character takes two."""
    columns = sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * (width - columns)


@lru_cache
def _read_translations() -> dict[str, str]:
    if read_language() == "zh":
        from inngest_devtools.words_zh import WORDS

        return WORDS
    return {}


def read_language() -> str:
    """As `project.toml` says; English where that cannot be read."""
    from inngest_devtools.project import get_project  # which says its own errors with `t`

    try:
        return get_project().language
    except DevtoolsError:
        return "en"
