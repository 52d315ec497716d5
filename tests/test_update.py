"""`copier update` gives what a fresh copy would, moves only what an answer is about, and follows
renames.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY, Run
from tests.releases import Releases, changed_files, clone, commit, conflicts, read_tree, update

CELLS = {
    "default": [],
    "everything": [  # that the old version had
        "examples=[event, scheduled, steps, errors, tenant, fan_out, approval, flow_control]",
        "os=all",
        "db_url=postgresql://postgres:postgres@localhost:5432/inngest",
    ],
    "Windows, one example": ["os=windows", "examples=[approval]", "port=9000"],
}

DEPLOYMENT_FILES = {
    ".dockerignore",
    ".env.production.example",
    "Dockerfile",
    "compose.yaml",
    "deploy/README.md",
    "deploy/nginx.conf",
    "deploy/pin_images.py",
}

pytestmark = pytest.mark.slow


@pytest.fixture
def releases(copier_template: Path, run: Run, tmp_path: Path) -> Releases:
    return Releases(clone(copier_template, tmp_path / "template"), run)


def data(answers: list[str]) -> list[str]:
    return [part for answer in answers for part in ("--data", answer)]


def touch_main(template: Path) -> None:
    """A change that every update brings."""
    add_line(template / "template/src/server/main.py", "# new")


def add_line(path: Path, line: str) -> None:
    path.write_text(f"{line}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")


# --- From every version that there was


def find_old_versions() -> list[str]:
    """Every released tag and the first commit that rendered."""
    from subprocess import run

    def git(*arguments: str) -> list[str]:
        return run(
            ["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout.split()

    tags = [tag for tag in git("tag", "--list") if re.fullmatch(r"v?\d+\.\d+\.\d+", tag)]
    return [
        *git("log", "--reverse", "--format=%H", "--diff-filter=A", "--", "copier.yml")[:1],
        *tags,
    ]


@pytest.fixture(scope="session")
def history(copier_template: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole repository, with the working tree as its newest release."""
    path = tmp_path_factory.mktemp("history") / "template"
    run("git", "clone", "--quiet", "--no-hardlinks", REPOSITORY, path, cwd=path.parent)
    for name in run("git", "ls-tree", "--name-only", "HEAD", cwd=copier_template).stdout.split():
        run("git", "rm", "-r", "--quiet", "--force", "--ignore-unmatch", name, cwd=path)
    run("git", "fetch", "--quiet", copier_template, "HEAD", cwd=path)
    run("git", "checkout", "--quiet", "FETCH_HEAD", "--", ".", cwd=path)
    commit(run, path, "The working tree")
    run("git", "tag", "--force", "99.99.99", cwd=path)
    return path


@pytest.mark.parametrize("answers", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("version", find_old_versions(), ids=lambda version: version[:12])
def test_update_from_old_version_equals_fresh_copy(
    history: Path, run: Run, tmp_path: Path, version: str, answers: list[str]
) -> None:
    project, fresh = tmp_path / "my-app", tmp_path / "fresh" / "my-app"
    fresh.parent.mkdir()
    old = ("--vcs-ref", version, *data(answers))
    run("copier", "copy", "--quiet", "--defaults", *old, history, project, cwd=tmp_path)
    commit(run, project)

    update(run, project)

    stored = tmp_path / "answers.yml"
    kept: dict[str, Any] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    stored.write_text(
        yaml.safe_dump({name: value for name, value in kept.items() if not name.startswith("_")})
    )
    run(
        "copier",
        "copy",
        "--quiet",
        "--defaults",
        "--data-file",
        stored,
        history,
        fresh,
        cwd=tmp_path,
    )
    assert kept["_commit"] == "99.99.99"
    assert read_tree(project) == read_tree(fresh)


def test_update_twice_changes_nothing_more(releases: Releases, run: Run, tmp_path: Path) -> None:
    project = releases.born(tmp_path / "my-app")
    releases.add("100.0.0", touch_main)

    update(run, project)
    commit(run, project)
    update(run, project)

    assert changed_files(run, project) == set()


def test_check_update_tells_of_a_release_until_it_is_there(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    project = releases.born(tmp_path / "my-app")
    check = ("copier", "check-update", "--quiet")
    assert run(*check, cwd=project).returncode == 0
    releases.add("100.0.0", touch_main)

    assert run(*check, cwd=project, check=False).returncode == 2
    update(run, project)
    commit(run, project)
    assert run(*check, cwd=project).returncode == 0


def test_update_in_a_folder_of_a_larger_repository(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    repository = tmp_path / "monorepo"
    project = repository / "services" / "my-app"
    project.parent.mkdir(parents=True)
    releases.copy(project)
    (repository / "other.txt").write_text("of another team\n")
    commit(run, repository)
    (repository / "other.txt").write_text("not committed yet\n")
    releases.add("100.0.0", touch_main)

    update(run, project)

    assert (project / "src/server/main.py").read_text().startswith("# new\n")
    assert changed_files(run, repository) == {
        "other.txt",
        "services/my-app/.copier-answers.yml",
        "services/my-app/src/server/main.py",
    }


def test_update_from_a_template_without_tags(releases: Releases, run: Run, tmp_path: Path) -> None:
    run("git", "tag", "--delete", "99.99.99", cwd=releases.path)
    project = releases.born(tmp_path / "my-app")
    releases.add(None, touch_main)

    update(run, project)

    assert changed_files(run, project) == {".copier-answers.yml", "src/server/main.py"}


# --- Another answer


@pytest.mark.parametrize(
    ("answer", "files"),
    [
        ("os=all", {"bin/inngest/start-inngest.cmd", "README.md"}),
        (
            "os=windows",
            {"bin/inngest/start-inngest.cmd", "bin/inngest/start-inngest.sh", "README.md"},
        ),
        ("db_url=postgresql://localhost/inngest", {"bin/inngest/inngest.config.json", "README.md"}),
        (
            "deploy=[]",
            {".github/dependabot.yml", "README.md", *DEPLOYMENT_FILES},
        ),
        (
            "examples=[event, steps, errors, tenant]",
            {
                "README.md",
                "src/core/inngest/functions/scheduled_task.py",
                "tests/functions/test_scheduled_task.py",
            },
        ),
        (
            "examples=[event, scheduled, steps, errors, tenant, approval]",
            {
                "README.md",
                "src/core/inngest/events.py",
                "src/core/inngest/functions/approval.py",
                "tests/functions/test_approval.py",
            },
        ),
    ],
)
def test_update_answer_moves_exactly_its_files(
    releases: Releases, run: Run, tmp_path: Path, answer: str, files: set[str]
) -> None:
    project = releases.born(tmp_path / "my-app", "--data", "os=linux")

    update(run, project, "--data", answer)

    assert changed_files(run, project) == files | {".copier-answers.yml"}


@pytest.mark.parametrize(
    ("answer", "old", "new"),
    [
        ("app_id=shop", "my-app", "shop"),
        ("port=9000", "8200", "9000"),
        ("inngest_port=9100", "8288", "9100"),
    ],
)
def test_update_answer_replaces_it_wherever_it_stands(
    releases: Releases, run: Run, tmp_path: Path, answer: str, old: str, new: str
) -> None:
    project = releases.born(tmp_path / "my-app")
    holders = {name for name, content in read_tree(project).items() if old.encode() in content}

    update(run, project, "--data", answer)

    changed = changed_files(run, project)
    assert changed <= holders | {".copier-answers.yml"}
    for name in changed - {".copier-answers.yml"}:
        assert new in (project / name).read_text(), name
    assert conflicts(run, project) == set()


# --- A release that renames


def test_update_over_a_renamed_question_carries_the_answer(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    project = releases.born(tmp_path / "my-app", "--data", "port=9000")

    def rename(template: Path) -> None:
        for path in template.rglob("*.jinja"):
            path.write_text(
                path.read_text(encoding="utf-8").replace("{{ port }}", "{{ app_port }}"),
                encoding="utf-8",
            )
        config = template / "copier.yml"
        text = re.sub(r"^port:", "app_port:", config.read_text(), flags=re.MULTILINE)
        text = text.replace("port_error(port)", "port_error(app_port)").replace(
            ", port)", ", app_port)"
        )
        config.write_text(text.replace("default: 8200", 'default: "{{ port | default(8200) }}"'))

    releases.add("100.0.0", rename)

    update(run, project)

    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert answers["app_port"] == 9000
    assert "port" not in answers
    assert changed_files(run, project) == {".copier-answers.yml"}


def test_update_over_a_new_question_takes_its_default(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    project = releases.born(tmp_path / "my-app")
    question = "cache:\n  type: str\n  help: Which cache?\n  default: none\n\n"
    pattern = "_exclude:\n  - \"{% if cache | default('none') == 'none' %}/cache.txt{% endif %}\"\n"

    def add(template: Path) -> None:
        config = template / "copier.yml"
        config.write_text(
            question + config.read_text(encoding="utf-8").replace("_exclude:\n", pattern),
            encoding="utf-8",
        )
        (template / "template/cache.txt").write_text("a cache\n")

    releases.add("100.0.0", add)
    update(run, project)

    assert changed_files(run, project) == {".copier-answers.yml"}
    commit(run, project)
    update(run, project, "--data", "cache=redis")
    assert changed_files(run, project) == {".copier-answers.yml", "cache.txt"}


def test_update_over_a_removed_question_drops_the_answer(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    project = releases.born(tmp_path / "my-app", "--data", "db_url=postgresql://localhost/inngest")

    def remove(template: Path) -> None:
        config = template / "copier.yml"
        config.write_text(re.sub(r"db_url:\n(?:  .*\n)+\n", "", config.read_text()))
        file = template / "template/bin/inngest/inngest.config.json.jinja"
        file.write_text(
            re.sub(
                r"\{% if db_url %\}\n.*?\{% else %\}\n(.*?)\{% endif %\}\n",
                r"\1",
                file.read_text(),
                flags=re.S,
            )
        )

    releases.add("100.0.0", remove)

    update(run, project)

    assert "db_url" not in yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert '"persist": true' in (project / "bin/inngest/inngest.config.json").read_text()


OLD, NEW = "src/server/routes/health.py", "src/server/routes/probes.py"

MOVE_FILE = f'''"""Moves {OLD} to {NEW}, with whatever the team has changed in it."""

import subprocess
from pathlib import Path

if Path("{OLD}").exists() and not Path("{NEW}").exists():
    subprocess.run(["git", "mv", "{OLD}", "{NEW}"], check=True)
'''

MIGRATION = """
_migrations:
  - version: 100.0.0
    command: ["{{ _copier_python }}", "{{ _copier_conf.src_path }}/hooks/migrations/v100.0.0.py"]
    when: "{{ _stage == 'before' }}"
"""


def move_file(template: Path) -> None:
    """Rename a file by a versioned migration, as CONTRIBUTING.md says."""
    (template / "template" / OLD).rename(template / "template" / NEW)
    (template / "hooks/migrations/v100.0.0.py").write_text(MOVE_FILE)
    config = template / "copier.yml"
    config.write_text(config.read_text() + MIGRATION)


def test_update_over_a_moved_file_keeps_the_teams_lines(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    project = releases.born(tmp_path / "my-app")
    (project / OLD).write_text((project / OLD).read_text() + "\n\nTEAM_LINE = 1\n")
    commit(run, project)
    releases.add("100.0.0", move_file)

    update(run, project, "--trust")

    assert not (project / OLD).exists()
    assert "TEAM_LINE = 1\n" in (project / NEW).read_text()


def test_update_over_a_moved_file_without_edits_is_clean(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    project = releases.born(tmp_path / "my-app")
    releases.add("100.0.0", move_file)

    update(run, project, "--trust")

    assert not (project / OLD).exists()
    assert (project / NEW).read_text() == (releases.path / "template" / NEW).read_text()
    assert conflicts(run, project) == set()


def test_update_asks_only_those_for_trust_who_cross_the_migration(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    before = releases.born(tmp_path / "before")
    releases.add("100.0.0", move_file)
    after = releases.born(tmp_path / "after")
    releases.add("101.0.0", touch_main)

    crossing = run("copier", "update", "--defaults", cwd=before, check=False)
    update(run, after)

    assert crossing.returncode == 4
    assert "potentially unsafe feature: migrations" in crossing.stderr
    assert changed_files(run, before) == set()
    assert changed_files(run, after) == {".copier-answers.yml", "src/server/main.py"}


# --- Conflicts


def test_update_over_the_teams_change_leaves_both_and_ci_refuses(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    project = releases.born(tmp_path / "my-app")
    main = project / "src/server/main.py"
    main.write_text(main.read_text().replace('"/openapi.json"', '"/api/team"'))
    commit(run, project)

    def change(template: Path) -> None:
        path = template / "template/src/server/main.py"
        path.write_text(path.read_text().replace('"/openapi.json"', '"/api/template"'))

    releases.add("100.0.0", change)
    update(run, project)

    text = main.read_text()
    assert conflicts(run, project) == {"src/server/main.py"}
    assert (
        text.index("<<<<<<< before updating")
        < text.index("/api/team")
        < text.index("/api/template")
    )
    (check,) = [
        step["run"]
        for step in yaml.safe_load((project / ".github/workflows/ci.yml").read_text())["jobs"][
            "check"
        ]["steps"]
        if step.get("name") == "No conflict markers"
    ]
    assert run("bash", "-c", check, cwd=project, check=False).returncode == 1
    run("git", "checkout", "--ours", "src/server/main.py", cwd=project)
    run("git", "add", "--all", cwd=project)
    assert run("bash", "-c", check, cwd=project, check=False).returncode == 0


def test_update_can_be_taken_back_as_it_says(releases: Releases, run: Run, tmp_path: Path) -> None:
    def change(template: Path) -> None:
        touch_main(template)
        (template / "template/src/server/new").mkdir()
        (template / "template/src/server/new/file.py").touch()

    project = releases.born(tmp_path / "my-app")
    before = read_tree(project)
    releases.add("100.0.0", change)

    said = update(run, project)
    assert len(changed_files(run, project)) == 3  # these and the answers
    (commands,) = re.findall(r"To take the whole update back: (.+)", said)
    for command in commands.split(", then "):
        run(*command.split(), cwd=project)

    assert read_tree(project) == before
    assert not changed_files(run, project)


def test_update_that_deletes_the_teams_file_says_how_to_keep_it(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    name = "src/core/inngest/functions/error_handling.py"
    project = releases.born(tmp_path / "my-app")
    add_line(project / name, "# ours")
    commit(run, project)

    said = update(run, project, "--data", "examples=[event]")
    assert not (project / name).exists()
    (command,) = re.findall(r"To keep\nyours: (.+)", said)
    run(*command.replace("FILE", name).split(), cwd=project)

    assert (project / name).read_text(encoding="utf-8").startswith("# ours\n")
