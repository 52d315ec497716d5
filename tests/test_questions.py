"""What each question accepts and refuses.

Every refusal is one line that says what to type, and nothing is written.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import REPOSITORY, Run

MACROS = jinja2.Environment(
    loader=jinja2.FileSystemLoader(REPOSITORY),
    extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
    undefined=jinja2.StrictUndefined,
).get_template("hooks/questions.jinja")

MAX_MESSAGE = 40  # characters of Copier's toolbar at 80 columns, behind its prefix


def render(macro: str, *args: object) -> str:
    return str(getattr(MACROS.module, macro)(*args))


# --- app_id


@pytest.mark.parametrize("app_id", ["my-app", "ab", "a1", "inngest", "x" * 64, "a--b"])
def test_accept_app_id(app_id: str) -> None:
    assert render("app_id_error", app_id) == ""


@pytest.mark.parametrize(
    "app_id",
    ["", "a", "My-App", "1app", "app-", "-app", "my app", "app\n", 'a"b', "é", "{{x}}", "$x"],
)
def test_refuse_app_id_with_characters_that_an_id_has_not(app_id: str) -> None:
    assert render("app_id_error", app_id) == "Use a-z, 0-9 and -, like my-app"


def test_refuse_app_id_that_is_too_long() -> None:
    assert render("app_id_error", "x" * 65) == "Use at most 64 characters"


@pytest.mark.parametrize(
    ("folder", "app_id"),
    [
        ("My App_1", "my-app-1"),
        ("123app", "app"),
        ("X--Y__z-", "x-y-z"),
        (".hidden.", "hidden"),
        ("123", "my-app"),
        ("项目", "my-app"),
        ("", "my-app"),
        ("x", "my-app"),
        ("a" * 63 + "-b", "a" * 63),
    ],
)
def test_derive_app_id_from_folder(folder: str, app_id: str) -> None:
    assert render("app_id_default", folder) == app_id


@given(st.text())
def test_derive_app_id_that_its_own_rule_accepts(folder: str) -> None:
    assert render("app_id_error", render("app_id_default", folder)) == ""


# --- port, inngest_port


@pytest.mark.parametrize("port", [1024, 8000, 8200, 8287, 8292, 65535])
def test_accept_port(port: int) -> None:
    assert render("port_error", port) == ""


@pytest.mark.parametrize("port", [-1, 0, 80, 1023, 65536])
def test_refuse_port_that_is_none_of_a_user(port: int) -> None:
    assert render("port_error", port) == "Use 1024-65535, like 8200"


@pytest.mark.parametrize("port", [8288, 8289, 8290, 8291, 50052, 50053])
def test_refuse_port_of_the_dev_server(port: int) -> None:
    assert render("port_error", port) == f"{port} is the Dev Server's: use 8200"


@pytest.mark.parametrize("inngest_port", [1024, 8196, 8201, 8288, 65532])
def test_accept_inngest_port(inngest_port: int) -> None:
    assert render("inngest_port_error", inngest_port, 8200) == ""


@pytest.mark.parametrize("inngest_port", [0, 1023, 65533])
def test_refuse_inngest_port_without_room_for_four(inngest_port: int) -> None:
    assert render("inngest_port_error", inngest_port, 8200) == "Use 1024-65532, like 8288"


@pytest.mark.parametrize("inngest_port", [8197, 8198, 8199, 8200])
def test_refuse_inngest_port_that_reaches_the_app(inngest_port: int) -> None:
    assert render("inngest_port_error", inngest_port, 8200) == "It takes 4 ports; 8200 is the app's"


# --- db_url


@pytest.mark.parametrize(
    "db_url",
    [
        "",
        "postgresql://localhost/inngest",
        "postgres://postgres:postgres@localhost:5432/inngest",
        "postgresql://user:p%40ss$&'word@127.0.0.1/db?sslmode=disable",
        "postgresql://user@[::1]:5432/db",
        "postgresql://user@db.example.com:5432/inngest?sslmode=require",
        "postgresql://user:@db.example.com/inngest",
    ],
)
def test_accept_db_url(db_url: str) -> None:
    assert render("db_url_error", db_url) == ""


@pytest.mark.parametrize(
    ("db_url", "message"),
    [
        ("postgresql+asyncpg://localhost/db", "Drop the +driver: postgresql://..."),
        ("mysql://localhost/db", "Start with postgresql://, or leave empty"),
        ("localhost:5432/db", "Start with postgresql://, or leave empty"),
        (" ", "Start with postgresql://, or leave empty"),
        ("POSTGRESQL://localhost/db", "Start with postgresql://, or leave empty"),
        ("postgresql://localhost", "Name the database: ...@host:5432/name"),
        ("postgresql://localhost:5432/", "Name the database: ...@host:5432/name"),
        ("postgresql://localhost?sslmode=disable", "Name the database: ...@host:5432/name"),
        ("postgresql://localhost/my db", "Percent-encode special characters"),
        ("postgresql://localhost/db\n", "Percent-encode special characters"),
        ("postgresql://localhost/d\x00b", "Percent-encode special characters"),
        ('postgresql://localhost/d"b', "Percent-encode special characters"),
        ("postgresql://localhost/d\\b", "Percent-encode special characters"),
        ("postgresql://localhost/{{ x }}", "Percent-encode special characters"),
        ("postgresql://localhost/db#x", "Percent-encode special characters"),
        ("postgresql://lokál/db", "Percent-encode special characters"),
        ("postgresql:///db", "Use postgresql://user@host:5432/name"),
        ("postgresql://localhost/d%b", "Use postgresql://user@host:5432/name"),
        ("postgresql://localhost/a/b", "Use postgresql://user@host:5432/name"),
        ("postgresql://a@b@localhost/db", "Use postgresql://user@host:5432/name"),
        ("postgresql://localhost:port/db", "Use postgresql://user@host:5432/name"),
        ("postgresql://user:secret@db.example.com/db", "Put the password in .env, not in here"),
        (
            "postgresql://user:secret@localhost.example.com/db",
            "Put the password in .env, not in here",
        ),
        ("postgresql://user:secret@10.0.0.5:5432/db", "Put the password in .env, not in here"),
        ("postgresql://db.example.com/db?password=secret", "Put the password in .env, not in here"),
        (
            "postgresql://db.example.com/db?sslmode=require&p%61ssword=secret",
            "Put the password in .env, not in here",
        ),
    ],
)
def test_refuse_db_url(db_url: str, message: str) -> None:
    assert render("db_url_error", db_url) == message
    assert len(message) <= MAX_MESSAGE


@given(
    st.builds(
        "postgresql://{}{}/{}".format, st.sampled_from(["", "u@", "u:p@"]), st.text(), st.text()
    )
)
def test_accept_no_db_url_that_is_not_one(db_url: str) -> None:
    """Whatever passes is one printable ASCII line, a URL with a host and a database, and no URL
    hides a password.
    """
    message = render("db_url_error", db_url)
    if message:
        assert "\n" not in message
        assert len(message) <= MAX_MESSAGE
        return
    url = urlsplit(db_url)
    assert re.fullmatch(r"[!-~]+", db_url)
    assert url.hostname
    assert url.path.strip("/")
    assert (
        not url.password or url.hostname in ("localhost", "::1") or url.hostname.startswith("127.")
    )


# --- On the command line


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            "app_id=My App",
            "Validation error for question 'app_id': Use a-z, 0-9 and -, like my-app",
        ),
        ("port=8289", "Validation error for question 'port': 8289 is the Dev Server's: use 8200"),
        (
            "db_url=mysql://localhost/db",
            "question 'db_url': Start with postgresql://, or leave empty",
        ),
        ("inngest_port=8199", "question 'inngest_port': It takes 4 ports; 8200 is the app's"),
        ("examples=[]", "question 'examples': Pick at least one, with the space bar"),
    ],
)
def test_copy_with_refused_answer_says_what_to_type_and_writes_nothing(
    try_copy: Run, tmp_path: Path, answer: str, message: str
) -> None:
    result = try_copy(tmp_path / "app", answer)

    assert result.returncode == 1
    assert result.stderr.rstrip().endswith(message)
    assert not (tmp_path / "app").exists()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("os=beos", "Invalid choice for 'os': 'beos'"),
        ("examples=[nothing]", "Invalid choice for 'examples': 'nothing'"),
        ("port=http", "invalid literal for int() with base 10: 'http'"),
    ],
)
def test_copy_with_answer_that_copier_refuses_writes_nothing(
    try_copy: Run, tmp_path: Path, answer: str, message: str
) -> None:
    result = try_copy(tmp_path / "app", answer)

    assert result.returncode == 1
    assert message in result.stderr.splitlines()[-1]
    assert not (tmp_path / "app").exists()


def test_copy_with_odd_but_valid_db_url_carries_it_exactly(
    copy: Callable[..., Path], tmp_path: Path
) -> None:
    db_url = "postgresql://user:p%22%5C$HOME&'(x)!;word@localhost:5432/db?options=-c%20x%3Dy"

    project = copy(tmp_path / "app", f"db_url={db_url}")

    config: dict[str, Any] = json.loads((project / "bin/inngest/inngest.config.json").read_text())
    assert config["postgres-uri"] == db_url
    assert config["postgres-max-open-conns"] == 10
