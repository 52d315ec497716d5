"""What inngest.config.json may say: a mistake there is an error here, because the CLI ignores it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.devtools.workspace import Workspace

pytestmark = pytest.mark.slow

CASES = {
    '{"sdk_url": []}': 'the Dev Server knows no key "sdk_url": write "sdk-url", which is a list '
    "of texts.",
    '{"Port": 1}': 'the Dev Server knows no key "Port": write "port", which is a whole number.',
    '{"database": {"url": '
    '""}}': 'the Dev Server knows no key "database": write "postgres-uri", which is a text.',
    '{"log_level": "info"}': 'the Dev Server knows no key "log_level": remove it.',
    '{"sdk-url": "http://127.0.0.1:8200"}': '"sdk-url" is "http://127.0.0.1:8200", but has to be '
    "a list of texts.",
    '{"port": "8288"}': '"port" is "8288", but has to be a whole number.',
    '{"tick": true}': '"tick" is true, but has to be a whole number.',
    '{"persist": 1}': '"persist" is 1, but has to be true or false.',
    '{"sqlite-dir": null}': '"sqlite-dir" is null, but has to be a text.',
    '{"port": 0}': '"port" is 0: choose one from 1 to 65535.',
    '{"port": 8289}': "port and connect-gateway-port are both 8289: give each a port of its own.",
    '{"host": "0.0.0.0"}': '"host" is "0.0.0.0": write "127.0.0.1", for the Dev Server asks '
    "nobody for a password.",
    '{"port":\n}': "line 2: not JSON",
    "[]": "bin/inngest/inngest.config.json is not an object",
    "{}": "",
    '\ufeff{"port": 1}': "",
}

READ_ALL = """
import json, sys
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.project import PROJECT_ROOT
from inngest_devtools.dev_server.config import CONFIG_FILE, read_config
messages = []
for case in json.loads(sys.argv[1]):
    (PROJECT_ROOT / CONFIG_FILE).write_text(case, "utf-8")
    try:
        read_config()
        messages.append("")
    except DevtoolsError as error:
        messages.append(str(error))
print(json.dumps(messages))
"""


def read(workspace: Workspace, *cases: str) -> list[str]:
    messages: list[str] = json.loads(
        workspace.run("python", "-c", READ_ALL, json.dumps(cases)).stdout
    )
    return messages


def test_read_config_with_mistakes_says_what_to_write(workspace: Workspace) -> None:
    wrong = {
        case: message
        for (case, expected), message in zip(CASES.items(), read(workspace, *CASES), strict=True)
        if expected not in message or bool(expected) != bool(message)
    }
    assert not wrong


def test_read_config_names_every_mistake(workspace: Workspace) -> None:
    (message,) = read(workspace, '{"sdk_url": [], "tick": "20"}')
    assert message.count("bin/inngest/inngest.config.json: ") == 2


def test_read_config_that_is_missing(workspace: Workspace) -> None:
    (workspace.path / "bin/inngest/inngest.config.json").unlink()

    failed = workspace.dev_server("status")

    assert failed.returncode == 1
    assert (
        "inngest.config.json is missing: restore it with `git checkout "
        "bin/inngest/inngest.config.json`." in failed.stderr
    )


@pytest.mark.parametrize("answer", ["db_url=", "db_url=postgresql://u:p@localhost:5432/db"])
def test_read_config_as_rendered(
    workspace: Workspace, copy: Callable[..., Path], tmp_path: Path, answer: str
) -> None:
    rendered = copy(tmp_path / "rendered", answer) / "bin" / "inngest" / "inngest.config.json"
    assert read(workspace, rendered.read_text("utf-8")) == [""]
