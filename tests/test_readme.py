"""The README's commands do what it says, as written, in a fresh clone and an empty home."""

import io
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Run, posix_only
from tests.test_copier_yml import QUESTIONS

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
(TRANSCRIPT,) = re.findall(r"```text\n(.*?)\n```", README, re.DOTALL)
BLOCKS = {
    heading: re.findall(r"```bash\n(.*?)\n```", text, re.DOTALL)
    for heading, text in re.findall(r"^##+ (.+?)$(.*?)(?=^##|\Z)", README, re.DOTALL | re.MULTILINE)
}
SCAFFOLD, RUN_IT = BLOCKS["Without uv"]
(TEST,) = BLOCKS["Work on the template"]


def test_list_answers_as_copier_yml_asks_them() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", README, re.MULTILINE)

    assert [name for name, _ in rows] == list(QUESTIONS)
    defaults = dict(rows)
    assert defaults["port"] == f"`{QUESTIONS['port']['default']}`"
    assert defaults["inngest_port"] == f"`{QUESTIONS['inngest_port']['default']}`"


def test_list_every_example() -> None:
    row = next(line for line in README.splitlines() if line.startswith("| `examples`"))

    assert re.findall(r"`(\w+)`", row)[1:] == list(QUESTIONS["examples"]["choices"].values())


def test_show_a_picture_that_needs_nothing_else() -> None:
    picture = (REPOSITORY / "docs/uv-run-dev.svg").read_text(encoding="utf-8")

    assert "docs/uv-run-dev.svg" in README
    assert 'role="img" aria-labelledby="title text"' in picture
    namespace = "http://www.w3.org/2000/svg"
    assert "://" not in re.sub(rf"http://127\.0\.0\.1:\d+|{namespace}", "", picture)


def test_run_ci_with_the_readmes_test_command() -> None:
    assert TEST in (REPOSITORY / ".ci/run").read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
@posix_only
def test_scaffold_as_written_in_a_fresh_clone_and_an_empty_home(
    copier_template: Path, clean_env: dict[str, str], run: Run, tmp_path: Path
) -> None:
    clone, home = tmp_path / "template", tmp_path / "home"
    home.mkdir()
    run("git", "clone", "--quiet", copier_template, clone, cwd=tmp_path)
    env = {
        name: value
        for name, value in clean_env.items()
        if not name.startswith(("HOME", "XDG_", "COPIER_", "UV_"))
    }

    scaffolded = subprocess.run(
        ["bash", "-c", SCAFFOLD],
        cwd=clone,
        env=env | {"HOME": str(home)},
        capture_output=True,
        text=True,
    )

    assert scaffolded.returncode == 0, scaffolded.stderr
    assert "Next, ready to paste:" in scaffolded.stderr
    assert (tmp_path / "my-app/src/server/main.py").is_file()
    tool = RUN_IT.split()
    checked = subprocess.run(
        [clone / tool[0], *tool[1:-1], "python", "-c", "import server.main; print('ready')"],
        cwd=clone,
        env=env | {"HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert checked.stdout == "ready\n", checked.stderr


@posix_only
def test_show_what_a_scaffold_looks_like(
    copier_template: Path, clean_env: dict[str, str], tmp_path: Path
) -> None:
    import pexpect  # there is none for Windows
    import pyte

    prompt, *shown = TRANSCRIPT.splitlines()
    command = prompt.removeprefix("$ uvx ").replace("ADDRESS", str(copier_template))
    output = io.StringIO()
    # nobody here tells where the cursor is
    env = clean_env | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    terminal = pexpect.spawn(
        command, cwd=tmp_path, env=env, dimensions=(300, 110), encoding="utf-8", timeout=120
    )
    terminal.logfile_read = output
    asked = [question for name, question in QUESTIONS.items() if name != "app"]  # a new project
    for question in asked:
        terminal.expect_exact(question["help"])
        terminal.send("\r")
    terminal.expect(pexpect.EOF)

    screen = pyte.Screen(110, 300)
    pyte.Stream(screen).feed(output.getvalue())
    lines = "\n".join(line.rstrip() for line in screen.display)
    lines = re.sub(r"(?<=template version )\S+", "1.0.0", lines).replace(
        "   macOS\n", "   Linux (or WSL)\n"
    )
    # A reader's template is no folder of the reader's machine.
    lines = re.sub(r"\n+The template is a folder .+", "", lines, flags=re.DOTALL)
    assert (
        re.sub(r"((    create| identical)  \S+\n)+", "    ...\n", lines).rstrip().splitlines()
        == shown
    )
