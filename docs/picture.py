"""Draws `docs/uv-run-dev.svg` from a real run: `INNGEST_BIN=/path/to/inngest uv run python -m
docs.picture`.

It shows what the terminal shows, except that
- lines about Inngest's own events are left out;
- "…" stands for the ports of clients and the ids of runs, which are others each time;
- of lines that come together the Dev Server's are first: how the two logs mix is chance.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import httpx
import pexpect
from rich.color import parse_rgb_hex
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

REPOSITORY = Path(__file__).parents[1]
PICTURE = REPOSITORY / "docs" / "uv-run-dev.svg"
PORT = 8200
WIDTH = 84  # columns
TIMEOUT = 30  # seconds for each thing that the run waits for

CHANGING = re.compile(r"(?<=127\.0\.0\.1:)\d+(?= - )|\b[0-9A-Z]{26}\b")
LEFT_OUT = re.compile(r"event=inngest/")

# line ends as texts; clips that hide nothing
RICH_CLUTTER = re.compile(r'<text [^>]*>\n</text>| clip-path="[^"]*"')
THEME = TerminalTheme(
    background=parse_rgb_hex("161b22"),
    foreground=parse_rgb_hex("e6edf3"),
    # From black to white, in the order of the ANSI codes.
    normal=[
        *map(
            parse_rgb_hex,
            ("6e7681", "ff7b72", "56d364", "e3b341", "79c0ff", "d2a8ff", "56d4dd", "b1bac4"),
        )
    ],
)
FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" viewBox="0 0 {width} {height:g}" \
role="img" aria-labelledby="title text">
<!-- Drawn by docs/picture.py from a real run. -->
<title id="title">A terminal: uv run dev</title>
<desc id="text">The app and the Inngest Dev Server start in one terminal. An event runs a function, whose log line \
appears. A file changes, and the functions are synced again.</desc>
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", \
"Liberation Mono", monospace; }}
.{unique_id}-title {{ font: 18px system-ui, sans-serif; }}
{styles}
</style>
{chrome}
<g class="{unique_id}-matrix" transform="translate(20, 50)">
{matrix}
</g>
</svg>
"""


def main() -> None:
    env = make_env()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "my-app"
        run(
            "copier",
            "copy",
            "--quiet",
            "--defaults",
            "--vcs-ref",
            "HEAD",
            str(REPOSITORY),
            str(project),
            env=env,
        )
        run("uv", "sync", "--quiet", "--directory", str(project), env=env)
        with open_terminal(project, env) as terminal:
            output = (
                record_start(terminal)
                + record_event(terminal, PORT)
                + record_reload(terminal, project)
            )
    PICTURE.write_text(draw(tidy(output)), "utf-8", newline="\n")
    print(f"{PICTURE.relative_to(REPOSITORY)} is drawn: look at it.")


def make_env() -> dict[str, str]:
    """The environment of a new terminal with colours, and the Inngest CLI in INNGEST_BIN."""
    cli = os.environ.get("INNGEST_BIN") or shutil.which("inngest")
    if not cli:
        sys.exit(
            "ERROR:    The picture shows a real Dev Server: name the Inngest CLI in INNGEST_BIN."
        )
    foreign = ("COPIER_", "INNGEST_", "NO_COLOR", "PORT", "PYTHON", "UV_PROJECT", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return env | {"INNGEST_BIN": str(Path(cli).absolute()), "TERM": "xterm-256color"}


def run(*command: str, env: dict[str, str]) -> None:
    if code := subprocess.run(command, env=env).returncode:
        sys.exit(f"ERROR:    {' '.join(command[:2])} ended with exit code {code}.")


@contextmanager
def open_terminal(project: Path, env: dict[str, str]) -> Iterator["pexpect.spawn[str]"]:
    """A terminal in which `uv run dev` runs, until Ctrl-C at the end."""
    terminal = pexpect.spawn(
        "uv",
        ["run", "dev"],
        cwd=project,
        env=env,
        encoding="utf-8",
        timeout=TIMEOUT,
        dimensions=(40, WIDTH),
    )
    try:
        yield terminal
    finally:
        if terminal.isalive():
            terminal.sendintr()  # Ctrl-C
            terminal.expect(pexpect.EOF)
        terminal.close()


def record_start(terminal: "pexpect.spawn[str]") -> str:
    return read_until(terminal, "Ctrl-C ends it.")


def record_event(terminal: "pexpect.spawn[str]", port: int) -> str:
    """Send the README's event, and wait until its run has ended."""
    url = f"http://127.0.0.1:{port}/api/v1/test/inngest"
    if (reply := httpx.post(url, trust_env=False)).is_error:
        sys.exit(f"ERROR:    {url} answered {reply.status_code}: {reply.text}")
    return read_until(terminal, "event=inngest/function.finished")


def record_reload(terminal: "pexpect.spawn[str]", project: Path) -> str:
    """Change a function, and wait until it is synced again."""
    path = project / "src/core/inngest/functions/example_function.py"
    name = 'name="Example function",\n'
    path.write_text(path.read_text("utf-8").replace(name, f"{name}    retries=2,\n"), "utf-8")
    return read_until(terminal, "Reloaded: ")


def read_until(terminal: "pexpect.spawn[str]", text: str) -> str:
    """The output up to the end of the line that has this text.

    Raises:
        SystemExit: It does not come; if `uv run dev` has ended, the message is its last line.
    """
    try:
        terminal.expect(f"{re.escape(text)}[^\n]*\n")
    except pexpect.EOF:
        sys.exit(Text.from_ansi(str(terminal.before).rstrip()).plain.rpartition("\n")[2])
    except pexpect.TIMEOUT:
        sys.exit(f"ERROR:    `uv run dev` did not print {text!r} within {TIMEOUT} s.")
    return str(terminal.before) + str(terminal.after)


def tidy(output: str) -> list[Text]:
    """The lines of the picture, by the rules above."""
    lines = (Text.from_ansi(CHANGING.sub("…", line)) for line in output.splitlines())
    shown = (line for line in lines if not LEFT_OUT.search(line.plain))
    return [
        line for _, moment in groupby(shown, is_log) for line in sorted(moment, key=is_log_of_app)
    ]


def is_log(line: Text) -> bool:
    return line.plain[7:10] == " | "


def is_log_of_app(line: Text) -> bool:
    return line.plain.startswith("app     | ")


def draw(lines: list[Text]) -> str:
    """The picture as SVG, with the prompt on top."""
    console = Console(record=True, file=io.StringIO(), width=WIDTH, highlight=False)
    console.print(Text("$ uv run dev", "bold"), *lines, "", sep="\n", no_wrap=True)
    svg = console.export_svg(
        title="my-app", theme=THEME, code_format=FORMAT, font_aspect_ratio=0.6, unique_id="terminal"
    )
    return RICH_CLUTTER.sub("", svg).replace("</text><", "</text>\n<")


if __name__ == "__main__":
    main()
