"""`copier copy` as a user types it, and what it renders for each combination of answers."""

import ast
import json
import re
import stat
import tomllib
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest
import yaml
from pytest_copier.plugin import CopierFixture

from tests.conftest import REPOSITORY, Run, posix_only
from tests.test_copier_yml import QUESTIONS

OPERATING_SYSTEMS = list(QUESTIONS["os"]["choices"].values())
EXAMPLES = list(QUESTIONS["examples"]["choices"].values())
DEFAULT_EXAMPLES = ["event", "scheduled", "steps", "errors", "tenant"]
DB_URLS = ["", "postgresql://postgres:postgres@localhost:5432/inngest"]

# The function that each example stands for, and its id; one example has a second one.
FUNCTIONS = {
    "event": ("example_function", "example-function"),
    "scheduled": ("scheduled_task", "scheduled-task"),
    "steps": ("multi_step_workflow", "multi-step-workflow"),
    "errors": ("error_handling", "error-handling-example"),
    "tenant": ("tenant_aware", "tenant-aware-function"),
    "fan_out": ("fan_out", "fan-out"),
    "approval": ("approval", "approval"),
    "flow_control": ("flow_control", "flow-control"),
    "saga": ("saga", "saga"),
    "ai": ("ai_agent", "ai-agent"),
    "progress": ("progress", "progress"),
}

NAMED_FILES = [
    ".copier-answers.yml",
    ".env",
    ".env.example",
    ".gitattributes",
    ".github/dependabot.yml",
    ".github/workflows/ci.yml",
    ".gitignore",
    ".pre-commit-config.yaml",
    "AGENTS.md",
    "README.md",
    "bin/inngest/inngest.config.json",
    "pyproject.toml",
    "src/core/config.py",
    "src/core/inngest/client.py",
    "src/core/inngest/events.py",
    "src/core/inngest/functions/__init__.py",
    "src/core/utils/inngest_tenant_isolation.py",
    "src/server/main.py",
    "src/server/routes/__init__.py",
    "tests/conftest.py",
    "tools/inngest-devtools/pyproject.toml",
    "tools/inngest-devtools/src/inngest_devtools/testing/plugin.py",
]

# In Python code and in GitHub's workflows, braces may be doubled, too.
JINJA = r"\{\{-? *(?:_copier|app|db_url|deploy|examples|inngest|language|os|package|port)\w* *[|}]|\{%|\{#"


def list_files(project: Path) -> set[str]:
    return {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}


def assert_is_clean(project: Path) -> None:
    """Every file parses, no Jinja is left, nothing leaks from the copy, no folder is empty."""
    for path in project.rglob("*"):
        if path.is_dir():
            assert any(path.iterdir()), f"{path} is empty"
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(JINJA, text), f"{path} has Jinja left"
        assert "copier._main" not in text, f"{path} names a temporary folder"
        assert not text or (text.endswith("\n") and not text.endswith("\n\n")), (
            f"{path} does not end in one newline"
        )
        match path.suffix:
            case ".py":
                compile(text, path, "exec", ast.PyCF_ONLY_AST)
            case ".toml":
                tomllib.loads(text)
            case ".json":
                json.loads(text)
            case ".yml" | ".yaml":
                assert yaml.safe_load(text)


@pytest.mark.parametrize(
    ("os", "db_url"), list(zip(OPERATING_SYSTEMS, cycle(DB_URLS), strict=False))
)
def test_copy_on_command_line_without_trust_renders_named_files(
    copy: Callable[..., Path], tmp_path: Path, os: str, db_url: str
) -> None:
    project = copy(tmp_path / "my-app", f"os={os}", f"db_url={db_url}")

    launchers = {"windows": {"cmd"}, "all": {"sh", "cmd"}}.get(os, {"sh"})
    functions = {
        f"src/core/inngest/functions/{FUNCTIONS[example][0]}.py" for example in DEFAULT_EXAMPLES
    }
    files = list_files(project)
    assert {
        *NAMED_FILES,
        *functions,
        *(f"bin/inngest/start-inngest.{launcher}" for launcher in launchers),
    } <= files
    assert len([file for file in files if "start-inngest" in file]) == len(launchers)
    assert_is_clean(project)


@pytest.mark.parametrize(
    "answers",
    [
        {"examples": EXAMPLES, "os": "windows", "db_url": DB_URLS[1]},
        *({"examples": [example]} for example in EXAMPLES),
        {"app_id": "inngest", "port": 1024, "inngest_port": 65532},
    ],
    ids=lambda answers: "-".join(map(str, answers.get("examples", answers.values()))),
)
def test_copy_with_answers_renders_clean(
    copier: CopierFixture, tmp_path: Path, answers: dict[str, object]
) -> None:
    project = copier.copy(tmp_path / "my-app", **answers)

    examples = answers.get("examples", DEFAULT_EXAMPLES)
    assert isinstance(examples, list)
    modules = {path.stem for path in (project / "src/core/inngest/functions").glob("[!_]*.py")}
    tests = {path.stem for path in (project / "tests/functions").glob("*.py")}
    expected = {FUNCTIONS[example][0] for example in examples}
    assert modules - {"charge"} == expected
    assert ("charge" in modules) == ("saga" in examples)
    assert tests == {f"test_{module}" for module in expected}
    assert_is_clean(project.path)
    project.run("ruff check --no-cache")
    project.run("ruff format --check --no-cache")


def test_copy_with_defaults_renders_exactly_the_listed_tree(
    copy: Callable[..., Path], tmp_path: Path
) -> None:
    """A file that comes or goes is a decision: `tests/default_tree.txt` is where it shows in a
    review.
    """
    project = copy(tmp_path / "my-app", "os=linux")

    assert (
        sorted(list_files(project)) == (REPOSITORY / "tests/default_tree.txt").read_text().split()
    )


def test_copy_stores_exactly_the_answers(copy: Callable[..., Path], tmp_path: Path) -> None:
    project = copy(tmp_path / "my-app")

    text = (project / ".copier-answers.yml").read_text()
    answers = yaml.safe_load(text)
    assert set(answers) == {*QUESTIONS, "_commit", "_src_path"} - {
        "app"
    }  # that is for a project that stands
    assert answers["app_id"] == "my-app"
    assert answers["examples"] == DEFAULT_EXAMPLES


@posix_only
def test_copy_keeps_launcher_executable(copy: Callable[..., Path], tmp_path: Path) -> None:
    project = copy(tmp_path / "my-app", "os=all")

    assert (project / "bin/inngest/start-inngest.sh").stat().st_mode & stat.S_IXUSR
    assert (project / "bin/inngest/start-inngest.cmd").read_bytes().count(b"\r\n") > 1


def test_copy_configures_dev_server_with_keys_of_its_command_line(
    copy: Callable[..., Path], tmp_path: Path
) -> None:
    project = copy(tmp_path / "my-app", "port=9000", "inngest_port=9100")

    config = json.loads((project / "bin/inngest/inngest.config.json").read_text())
    assert config == {
        "sdk-url": ["http://127.0.0.1:9000/api/inngest"],
        "host": "127.0.0.1",
        "port": 9100,
        "connect-gateway-port": 9101,
        "connect-gateway-grpc-port": 9102,
        "connect-executor-grpc-port": 9103,
        "no-discovery": True,
        "tick": 20,
        "persist": True,
        "sqlite-dir": ".inngest",
    }


@posix_only
@pytest.mark.parametrize(
    ("os", "folder", "command"),
    [
        ("linux", "my-app", "  cd {path}\n"),
        ("macos", "it's mine", "  cd '{parent}/it'\"'\"'s mine'\n"),
        ("windows", "my app", '  cd "{path}"\n'),
    ],
)
def test_copy_prints_next_commands_ready_to_paste(
    copier_template: Path, run: Run, tmp_path: Path, os: str, folder: str, command: str
) -> None:
    path = tmp_path / folder

    result = run(
        "copier", "copy", "--defaults", "--data", f"os={os}", copier_template, path, cwd=tmp_path
    )

    message = result.stderr[result.stderr.index("Next, ready to paste:") :]
    assert command.format(path=path, parent=tmp_path) in message
    for line in (
        "  git init --initial-branch main\n  uv lock\n  git add --all\n",
        "  uv run dev",
        "http://127.0.0.1:8288",
        "uv run pytest",
    ):
        assert line in message
    assert not message.endswith("\n\n")
    assert max(map(len, message.replace(str(tmp_path), "").splitlines())) <= 80


def test_copy_without_terminal_names_the_command_that_works(
    copier_template: Path, run: Run, tmp_path: Path
) -> None:
    result = run("copier", "copy", copier_template, tmp_path / "my-app", cwd=tmp_path, check=False)

    assert result.returncode == 1
    assert "Use `--defaults`" in result.stderr
    assert not (tmp_path / "my-app").exists()


def test_name_nothing_of_the_app_like_a_test(copier: CopierFixture, tmp_path: Path) -> None:
    """`pytest .` would collect it."""
    project = copier.copy(tmp_path / "my-app", examples=EXAMPLES).path

    files = list((project / "src").rglob("*.py"))
    assert [path for path in files if re.fullmatch(r"test_.*|.*_test", path.stem)] == []
    names = [name for path in files for name in re.findall(r"def (test\w*)", path.read_text())]
    assert names == []
