"""What is no plain file of code: read or refused in one line, never half-written."""

import os
import sys
from pathlib import Path

import pytest
from inngest_devtools.migrate import files

from tests.migrate.conftest import HANDLER, Tree


def test_dry_run_writes_nothing_and_shows_a_diff(tree: Tree) -> None:
    tree.write({"app.py": HANDLER})

    assert tree.migrate(".") == 1

    assert tree.read("app.py") == HANDLER
    assert "+++ b/app.py" in tree.out
    assert "+async def ship(ctx: inngest.Context):" in tree.out
    assert "--write writes it" in tree.out


def test_exit_code_says_whether_something_is_to_do(tree: Tree) -> None:
    tree.write({"app.py": HANDLER})

    assert tree.migrate(".") == 1
    assert tree.migrate("--write", ".") == 0
    assert tree.migrate(".") == 0
    assert "0 files would change" in tree.out


def test_diff_is_coloured_for_a_person(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    tree.write({"app.py": HANDLER})

    tree.migrate(".")

    assert "\x1b[32m+async def ship(ctx: inngest.Context):\x1b[0m" in tree.out


def test_file_that_does_not_parse_is_left(tree: Tree) -> None:
    broken = HANDLER.replace("):\n", ":\n")
    tree.write({"broken.py": broken, "app.py": HANDLER})

    assert tree.migrate() == 0

    assert tree.read("broken.py") == broken
    assert any(
        line.startswith("broken.py:") and "does not parse" in line for line in tree.decisions
    )
    assert "ctx" in tree.read("app.py")


def test_file_in_another_encoding_is_left(tree: Tree) -> None:
    text = HANDLER.replace('"order"', '"订单"')
    tree.write(
        {"plain.py": text.encode("gbk"), "named.py": b"# coding: gbk\n" + text.encode("gbk")}
    )

    tree.migrate()

    assert (tree.root / "plain.py").read_bytes() == text.encode("gbk")
    assert any(line.startswith("plain.py: is not utf-8") for line in tree.decisions)
    assert any(line.startswith("named.py: would be changed, but is gbk") for line in tree.decisions)


def test_bytes_of_what_is_not_touched_stay(tree: Tree) -> None:
    old = "\ufeff" + HANDLER.replace("\n", "\r\n").replace("    ", "\t").rstrip() + "  # 尾"
    tree.write({"app.py": old})

    tree.migrate()

    new = (tree.root / "app.py").read_bytes().decode()
    assert new == old.replace(
        "(event: inngest.Event):", "(ctx: inngest.Context):\r\n\tevent = ctx.event"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_read_only_file_is_left(tree: Tree) -> None:
    tree.write({"app.py": HANDLER, "other.py": HANDLER})
    (tree.root / "app.py").chmod(0o444)

    assert tree.migrate() == 1

    assert tree.read("app.py") == HANDLER
    assert tree.decisions == ["app.py: is read-only: left as it is"]
    assert "ctx" in tree.read("other.py")


def test_file_that_changed_meanwhile_is_left(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write({"app.py": HANDLER})
    encode = files.Content.encode

    def edit_meanwhile(content: files.Content, text: str) -> bytes:
        (tree.root / "app.py").write_text("# edited\n")
        return encode(content, text)

    monkeypatch.setattr(files.Content, "encode", edit_meanwhile)

    assert tree.migrate() == 1
    assert tree.read("app.py") == "# edited\n"
    assert tree.decisions == ["app.py: changed while it was looked at: left as it is, run again"]
    assert os.listdir(tree.root) == ["app.py"]


def test_symlink_that_leads_out_is_left(tree: Tree) -> None:
    outside = tree.root.parent / "outside.py"
    outside.write_text(HANDLER)
    (tree.root / "inside.py").symlink_to(outside)
    tree.write({"real.py": HANDLER})
    (tree.root / "link.py").symlink_to("real.py")

    tree.migrate()

    assert outside.read_text() == HANDLER
    assert tree.decisions == [
        "inside.py: leads out of the folder by a symbolic link: left as it is"
    ]
    assert (tree.root / "link.py").is_symlink()
    assert "ctx" in tree.read("real.py")


def test_uncommitted_changes_are_not_written_over(tree: Tree) -> None:
    tree.write({"app.py": HANDLER})
    tree.commit()
    tree.write({"app.py": HANDLER + "# mine\n"})

    assert tree.migrate("--write", ".") == 2
    assert tree.read("app.py") == HANDLER + "# mine\n"
    assert "app.py would be changed and has changes that git does not have" in tree.err
    assert tree.migrate("--write", "--force", ".") == 0
    assert tree.read("app.py").endswith("# mine\n")
    assert "ctx" in tree.read("app.py")


def test_committed_files_are_written_though_others_are_not(tree: Tree) -> None:
    tree.write({"app.py": HANDLER, "notes.txt": "a"})
    tree.commit()
    tree.write({"notes.txt": "b"})

    assert tree.migrate("--write", ".") == 0


def test_what_git_ignores_is_left_out(tree: Tree) -> None:
    tree.write(
        {"app.py": HANDLER, "build/app.py": HANDLER, "mine/pyvenv.cfg": "", "mine/app.py": HANDLER}
    )
    tree.write({".gitignore": "build\n.env\n", ".env": "INNGEST_IS_PRODUCTION=false\n"})
    tree.commit()

    tree.migrate()

    assert tree.read("build/app.py") == tree.read("mine/app.py") == HANDLER
    assert any(line.startswith(".env:1: INNGEST_IS_PRODUCTION") for line in tree.decisions)


def test_one_file_knows_the_project_around_it(tree: Tree) -> None:
    function = HANDLER.replace(
        'client = inngest.Inngest(app_id="shop")', "from core.client import client"
    )
    tree.write(
        {
            "pyproject.toml": "",
            "src/core/client.py": 'import inngest\n\nclient = inngest.Inngest(app_id="shop")\n',
            "src/flows.py": function,
        }
    )

    tree.migrate("--write", str(Path("src", "flows.py")))

    assert "ctx" in tree.read("src/flows.py")
    assert "1 Python files looked at, 1 files changed" in tree.out


def test_path_that_is_not_there(tree: Tree) -> None:
    assert tree.migrate("nowhere") == 2
    assert tree.err == "inngest-dev migrate: nowhere does not exist\n"


def test_without_libcst_says_what_to_type(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inngest_devtools.migrate.find_spec", lambda name: None)
    monkeypatch.setattr("sys.argv", ["inngest-dev", "migrate", "src"])

    assert tree.migrate("src") == 2
    assert (
        tree.err
        == "inngest-dev migrate needs libcst: pip install libcst, then inngest-dev migrate src\n"
    )
    tree.write({"uv.lock": ""})
    assert tree.migrate("src") == 2
    assert (
        tree.err
        == "inngest-dev migrate needs libcst: uv run --with libcst inngest-dev migrate src\n"
    )
