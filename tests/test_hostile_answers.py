"""Every string that could break a file, in every question, by every way in: refused, or rendered
exactly.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import REPOSITORY, Run, posix_only, python_of
from tests.releases import read_tree
from tests.test_copier_yml import QUESTIONS
from tests.test_questions import render

HOSTILE = [
    "it's",
    'say "hi"',
    "back\\slash",
    "$HOME",
    "`id`",
    "$(touch owned)",
    "a#b",
    "100%",
    "%PATH%",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "{# x #}",
    "名字",
    "é",
    "two\nlines",
    "tab\there",
    "nul\x00",
    "a & b",
    "a | b",
    "x; rm -rf .",
    "../up",
    "-dash",
    " ",
    "null",
    "[a, b]",
    "x" * 500,
]
STRINGS = [
    name
    for name, question in QUESTIONS.items()
    if question["type"] == "str" and "choices" not in question
]
LISTS = [name for name, question in QUESTIONS.items() if question.get("multiselect")]
WITH_CHOICES = [name for name, question in QUESTIONS.items() if "choices" in question]
INTEGERS = [name for name, question in QUESTIONS.items() if question["type"] == "int"]


def hostile_values(name: str) -> list[str]:
    """For a URL the string is put where each part of one is."""
    if name != "db_url":
        return HOSTILE
    return [*HOSTILE, *(f"postgresql://{text}@localhost/db" for text in HOSTILE),
            *(f"postgresql://localhost/{text}" for text in HOSTILE)]  # fmt: skip


def test_list_every_question() -> None:
    assert {*STRINGS, *WITH_CHOICES, *INTEGERS} == set(QUESTIONS)


@pytest.mark.parametrize("name", STRINGS)
def test_refuse_hostile_string_in_one_line_or_take_it_as_it_is(name: str) -> None:
    """What is accepted at all are words that need no quoting anywhere."""
    nowhere = SimpleNamespace(dst_path="/nowhere", answers_file="x.yml", overwrite=False)
    more = [nowhere] if name == "package" else []
    messages = {value: render(f"{name}_error", value, *more) for value in hostile_values(name)}

    for value, message in messages.items():
        assert "\n" not in message
        if not message:
            assert value.isascii()
            assert not set(value) & set('"\\`{}|<>^ \n\t\x00'), value


# --- Ways in


def assert_refused(result: Any, project: Path, name: str) -> None:
    assert result.returncode == 1
    last_line = result.stderr.rstrip().splitlines()[-1]
    assert name in last_line or "invalid literal" in last_line or "Invalid" in last_line, last_line
    assert not project.exists()


# One string for each character that some file, shell or template would take for more than itself.
WAYS = ['it\'s "it" \\', "$(touch owned)#", "100% {{ 7 * 7 }}", "名字 é", "two\nlines"]


@pytest.mark.parametrize(
    ("name", "value", "option"),
    list(zip(QUESTIONS, cycle(WAYS), cycle(["--data", "--data-file"]), strict=False)),
)
def test_copy_with_hostile_answer_is_refused(
    copier_template: Path, run: Run, tmp_path: Path, name: str, value: str, option: str
) -> None:
    data = [value] if name in LISTS else value
    answer = f"{name}={json.dumps(data) if name in LISTS else data}"
    if option == "--data-file":
        file = tmp_path / "data.yml"
        file.write_text(yaml.safe_dump({name: data}))
        answer = str(file)

    result = run(
        "copier", "copy", "--defaults", option, answer, copier_template, tmp_path / "app",
        cwd=tmp_path, check=False,
    )  # fmt: skip

    assert_refused(result, tmp_path / "app", name)
    assert not (tmp_path / "owned").exists()


if sys.platform != "win32":
    import pexpect

    @pytest.fixture
    def prompts(
        copier_template: Path, clean_env: dict[str, str], tmp_path: Path
    ) -> "Iterator[pexpect.spawn[str]]":
        """`copier copy` waiting at its first question, in a terminal of 80 columns."""
        child = pexpect.spawn(
            "copier", ["copy", str(copier_template), str(tmp_path / "app")],
            env=clean_env, cwd=str(tmp_path), dimensions=(40, 80), encoding="utf-8", timeout=120,
        )  # fmt: skip
        child.expect("Folder of the package")
        yield child
        child.close(force=True)

    CLEAR = "\x15"  # Ctrl-U

    ASKED = [name for name in QUESTIONS if name != "app"]  # that is for a project that stands
    TYPED = [name for name in ASKED if "choices" not in QUESTIONS[name]]
    REFUSALS = "Use a|Use it|Use 1024|Invalid input|Start with|Percent-encode|at most 64"

    @pytest.mark.slow
    @pytest.mark.parametrize("name", TYPED)
    def test_type_hostile_answers_are_refused_below_the_prompt(
        prompts: "pexpect.spawn[str]", tmp_path: Path, name: str
    ) -> None:
        names = ASKED
        position = names.index(name)
        for following in names[1 : position + 1]:
            prompts.send("\r")
            prompts.expect(re.escape(QUESTIONS[following]["help"][:30]))
        shown = ""
        for value in WAYS:
            prompts.send(f"{CLEAR}{value.replace(chr(10), ' ')}\r")  # a line ends at the prompt
            if not shown:
                prompts.expect(REFUSALS)
                shown = str(prompts.before)

        prompts.sendintr()

        prompts.expect("Execution stopped by user")
        shown += str(prompts.before)
        prompts.expect(pexpect.EOF)
        prompts.wait()
        assert QUESTIONS[names[position + 1]]["help"][:30] not in shown  # none was taken
        assert prompts.exitstatus == 1
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.slow
    def test_type_answers_corrects_them_and_copies(
        prompts: "pexpect.spawn[str]", tmp_path: Path
    ) -> None:
        prompts.send("\r")
        prompts.send(f"{CLEAR}Shop\r")
        prompts.expect("Use a-z, 0-9")
        prompts.send(f"{CLEAR}shop\r")
        prompts.expect("FastAPI app listen")
        prompts.send(f"{CLEAR}8289\r")
        prompts.expect("8289 is the Dev Server's")
        prompts.send(f"{CLEAR}9000\r")
        prompts.expect("PostgreSQL URL")
        prompts.send("postgresql://u:secret@db.example.com/x\r")
        prompts.expect("Put the password in .env")
        prompts.send(f"{CLEAR}postgresql://u:p@localhost/x\r")
        prompts.expect("Which system")
        prompts.send("\r")
        prompts.expect("Dev Server listen")
        prompts.send("\r")
        prompts.expect("example functions")
        prompts.send("\r")
        prompts.expect("Where will the app run")
        prompts.send("\r")
        prompts.expect(re.escape(QUESTIONS["language"]["help"][:20]))
        prompts.send("\r")
        prompts.expect("Next, ready to paste")
        prompts.expect(pexpect.EOF)

        answers = yaml.safe_load((tmp_path / "app/.copier-answers.yml").read_text())
        assert (answers["app_id"], answers["port"]) == ("shop", 9000)
        assert answers["db_url"] == "postgresql://u:p@localhost/x"


# --- What is accepted stands in the files exactly

WORD = st.text("abcXYZ019._~!$&'()*+,;=-", min_size=1, max_size=12)
ENCODED = st.sampled_from(["%20", "%22", "%5C", "%7B%7B", "%E9"])
PART = st.lists(WORD | ENCODED, min_size=1, max_size=4).map("".join)


@given(
    PART, PART, PART, st.sampled_from(["localhost", "127.0.0.1", "[::1]"]), st.integers(1, 65535)
)
def test_render_accepted_db_url_exactly(
    user: str, password: str, database: str, host: str, port: int
) -> None:
    db_url = f"postgresql://{user}:{password}@{host}:{port}/{database}?application_name={password}"
    source = (REPOSITORY / "template/bin/inngest/inngest.config.json.jinja").read_text()
    environment = jinja2.Environment(
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        trim_blocks=True,
        lstrip_blocks=True,
    )

    text = environment.from_string(source).render(port=8200, inngest_port=8288, db_url=db_url)

    assert render("db_url_error", db_url) == ""
    assert json.loads(text)["postgres-uri"] == db_url


def test_render_launchers_without_any_answer(copy: Callable[..., Path], tmp_path: Path) -> None:
    """No answer stands in a launcher, so that none can make it run anything."""
    answers = ("os=all", "app_id=rm-rf", "db_url=postgresql://u:$(id)&'x@localhost/db")

    project = copy(tmp_path / "app", *answers)

    for name in ("start-inngest.sh", "start-inngest.cmd"):
        path = Path("bin/inngest") / name
        assert (project / path).read_bytes().replace(b"\r\n", b"\n") == (
            (REPOSITORY / "template" / path).read_bytes().replace(b"\r\n", b"\n")
        )


@pytest.mark.slow
def test_read_settings_holds_the_given_answers(
    project: Path, copy: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    other = copy(tmp_path / "app", "app_id=a--b-9", "port=65535", "inngest_port=1024")
    code = (
        "from core.inngest.settings import *; s = Settings(); "
        "print(s.inngest_app_id, APP_PORT, s.api_origin)"
    )

    printed = run(
        python_of(project), "-c", code, cwd=other, env={"PYTHONPATH": str(other / "src")}
    ).stdout

    assert printed == "a--b-9 65535 http://127.0.0.1:1024\n"


# --- Folder names


@posix_only
def test_copy_into_odd_folder_renders_the_same_project(
    copy: Callable[..., Path], tmp_path: Path
) -> None:
    plain = read_tree(copy(tmp_path / "shop", "app_id=shop"))

    for name in ("项目 1", "x" * 200, "dots...", "it's a&b;c", "$HOME `x`", "-dash", "%d {{ x }}"):
        assert read_tree(copy(tmp_path / name, "app_id=shop")) == plain, name


def test_derive_app_id_from_every_odd_folder(copy: Callable[..., Path], tmp_path: Path) -> None:
    project = copy(tmp_path / ("1 Ä_" + "x" * 90 + "-"))

    app_id = yaml.safe_load((project / ".copier-answers.yml").read_text())["app_id"]
    assert app_id == "x" * 64
    assert os.path.basename(project).startswith("1")
