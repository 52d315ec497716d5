"""A project of old code in a folder, and the command run in it as a person runs it."""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

HANDLER = """\
import inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="ship", trigger=inngest.TriggerEvent(event="order/paid"))
async def ship(event: inngest.Event):
    return event.data["order"]
"""


class Tree:
    """A folder that the command is run in."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys
        self.out = self.err = ""

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def read(self, name: str) -> str:
        return (self.root / name).read_bytes().decode()

    def migrate(self, *arguments: str) -> int:
        """Run the command; what it printed is in `out` and `err`."""
        from inngest_devtools.cli import cli

        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli(["migrate", *(arguments or ("--write", "."))])
        self.out, self.err = self._capsys.readouterr()
        return int(ended.value.code or 0)

    @property
    def decisions(self) -> list[str]:
        """The lines of the report that a person decides about: those at column 0."""
        lines = self.out.split("For you to decide:\n")[1:]
        return [line for part in lines for line in part.splitlines() if line and line[0] != " "]

    def commit(self) -> None:
        for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=x")):
            self.git(words)

    def git(self, words: Iterable[str]) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True)


@pytest.fixture
def tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Tree:
    root = tmp_path / "shop"
    root.mkdir()
    monkeypatch.chdir(root)
    return Tree(root, capsys)
