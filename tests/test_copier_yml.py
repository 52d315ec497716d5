"""The contract of copier.yml: asks for no trust, and every question can be answered by --defaults."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY

CONFIG: dict[str, Any] = yaml.safe_load((REPOSITORY / "copier.yml").read_text())
TEMPLATE = REPOSITORY / "template"
QUESTIONS = {
    name: question
    for name, question in CONFIG.items()
    if not name.startswith("_") and question.get("when") is not False
}
QUESTION_KEYS = {"type", "help", "default", "validator", "choices", "multiselect", "when"}


def test_ask_questions_in_order_of_importance() -> None:
    assert list(QUESTIONS) == [
        "package",
        "app_id",
        "port",
        "db_url",
        "os",
        "app",
        "inngest_port",
        "examples",
        "deploy",
        "language",
    ]


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_ask_question_in_one_line_with_keys_that_copier_knows(question: dict[str, Any]) -> None:
    """Copier ignores a misspelt key without a word."""
    assert {"type", "help", "default"} <= set(question) <= QUESTION_KEYS
    assert len(question["help"]) <= 70
    assert "\n" not in question["help"]


def test_configure_nothing_that_asks_for_trust() -> None:
    """Nor migrations without a version, which ask for it at every update."""
    assert not {"_tasks", "_jinja_extensions"} & set(CONFIG)
    assert all("version" in migration for migration in CONFIG.get("_migrations", []))


def test_configure_settings_that_keep_an_update_safe() -> None:
    assert CONFIG["_min_copier_version"] == "9.16.0"
    assert CONFIG["_envops"]["undefined"] == "jinja2.StrictUndefined"
    assert {"/.env", "/uv.lock"} <= set(CONFIG["_skip_if_exists"])


def test_exclude_anchored_paths_that_exist() -> None:
    """An unanchored pattern matches in every folder; one without a file is a leftover."""
    paths = [read_excluded_path(entry) for entry in CONFIG["_exclude"] if not entry.startswith("!")]

    assert [path for path in paths if not path.startswith("/")] == []
    # the source may end in .jinja
    sources = [path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.rglob("*")]
    assert [path for path in paths if not any(f"/{one}".startswith(path) for one in sources)] == []


def read_excluded_path(entry: str) -> str:
    """As it is in the template: with the names of its templated folders."""
    path = re.sub(r"^{%.*?%}|{% endif %}$", "", entry)
    return re.sub(r"\{\{ (\w+) \| default\('[\w/]+'\) \}\}", r"{{ \1 }}", path)


def test_exclude_both_function_and_test_of_every_example() -> None:
    for example in QUESTIONS["examples"]["choices"].values():
        folders = {
            Path(entry).parent.name
            for entry in CONFIG["_exclude"]
            if f"'{example}' not in examples" in entry
        }
        assert "functions" in folders, example
