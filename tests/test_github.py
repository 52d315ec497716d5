"""The repository's side of GitHub: files that GitHub takes, pinned actions, versions that agree
with the README's.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY, Run, posix_only
from tests.test_copier_yml import CONFIG, QUESTIONS

GITHUB = REPOSITORY / ".github"
CI, NEWEST, RELEASE = (
    GITHUB / "workflows" / name for name in ("ci.yml", "newest.yml", "release.yml")
)
WORKFLOWS = [CI, NEWEST, RELEASE]
TEMPLATE_CI = REPOSITORY / "template/.github/workflows/ci.yml"
FORMS = [GITHUB / "ISSUE_TEMPLATE" / name for name in ("project.yml", "scaffold.yml")]
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "custom.github-workflows-require-timeout": WORKFLOWS,
    "vendor.github-issue-forms": FORMS,
    "vendor.github-issue-config": [GITHUB / "ISSUE_TEMPLATE/config.yml"],
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def matrix(workflow: Path, job: str) -> Any:
    return load(workflow)["jobs"][job]["strategy"]["matrix"]


# --- Files that GitHub takes


@pytest.mark.parametrize("schema", SCHEMAS)
def test_write_github_files_by_their_schema(run: Run, schema: str) -> None:
    run("check-jsonschema", "--builtin-schema", schema, *SCHEMAS[schema], cwd=REPOSITORY)


def test_validate_every_github_file() -> None:
    assert {path for paths in SCHEMAS.values() for path in paths} == set(GITHUB.rglob("*.yml"))


def test_write_own_workflows_without_findings_of_zizmor(run: Run) -> None:
    run("zizmor", "--offline", ".github", cwd=REPOSITORY)


def test_pin_one_commit_of_every_action() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*WORKFLOWS, TEMPLATE_CI])
    actions = {
        line for line in re.findall(r"uses: (.+)$", text, re.MULTILINE) if not line.startswith("$/")
    }

    assert [
        action for action in actions if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", action)
    ] == []
    assert len(actions) == len({action.partition("@")[0] for action in actions})


def test_run_scripts_that_exist() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    scripts = set(re.findall(r"python3 (\S+\.py)", text))

    assert {REPOSITORY / script for script in scripts} == set(GITHUB.glob("*.py"))


# --- Agreement with the README


README = (REPOSITORY / "README.md").read_text(encoding="utf-8").partition("## Supported")[2]


def supported(pattern: str) -> str:
    found = re.search(pattern, README)
    assert found, f"the README's Supported names nothing like {pattern}"
    return found[1]


def read_requirements(path: Path, *keys: str) -> set[str]:
    table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    for key in keys:
        table = table[key]
    return set(table)


def newest_commands() -> str:
    return "\n".join(entry["newest"] for entry in matrix(NEWEST, "project")["include"])


def test_test_the_supported_pythons() -> None:
    first, last = re.findall(r"3\.\d+", supported(r"Python (3\.\d+ to 3\.\d+)"))
    tested = {
        *matrix(CI, "test")["python-version"],
        *(cell["python-version"] for cell in matrix(CI, "test")["include"]),
    }
    window = [f"3.{minor}" for minor in range(int(first[2:]), int(last[2:]) + 1)]

    assert sorted(tested) == window
    dockerfile = (REPOSITORY / "template/Dockerfile.jinja").read_text(encoding="utf-8")
    images = set(re.findall(r"FROM python:(3\.\d+)", dockerfile))
    assert matrix(TEMPLATE_CI, "check")["python-version"] == sorted({first, *images, last})
    assert not set(re.findall(r"uv python pin (\S+)", newest_commands())) & tested


def test_require_the_supported_sdk() -> None:
    oldest = supported(r"`inngest` (\S+)")
    project = read_requirements(
        REPOSITORY / "template/pyproject.toml.jinja", "project", "dependencies"
    )

    assert f"inngest>={oldest},<0.6" in project
    assert project <= read_requirements(REPOSITORY / "pyproject.toml", "dependency-groups", "dev")
    assert f"'inngest>={oldest}'" in newest_commands()


def test_require_the_supported_copier() -> None:
    oldest = supported(r"Copier ≥ ([\d.]+\d)")

    assert CONFIG["_min_copier_version"] == f"{oldest}.0"
    ours = read_requirements(REPOSITORY / "pyproject.toml", "dependency-groups", "dev")
    # newest.yml lifts the upper bound
    assert any(each.startswith(f"copier>={oldest}") for each in ours)
    assert f"'copier>={oldest}'" in NEWEST.read_text(encoding="utf-8")


def test_install_the_supported_cli() -> None:
    binary = (
        REPOSITORY
        / "template/tools/inngest-devtools/src/inngest_devtools/dev_server/inngest_cli.py"
    ).read_text(encoding="utf-8")

    # newest.yml writes another one there
    (version,) = re.findall(r"^VERSION = \"(.+)\"", binary, re.MULTILINE)
    assert version.rpartition(".")[0] == supported(r"Inngest CLI (\d+\.\d+)")


@pytest.mark.parametrize(("workflow", "job"), [(CI, "end-to-end"), (NEWEST, "project")])
def test_copy_every_example(workflow: Path, job: str) -> None:
    every = ", ".join(QUESTIONS["examples"]["choices"].values())

    assert load(workflow)["jobs"][job]["env"]["EXAMPLES"] == f"[{every}]"


# --- What a failure with a newer version opens

GH = f"""#!{sys.executable}
import json, os, sys

with open("calls", "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
print({{"api": os.environ["JOBS"], "issue": os.environ["ISSUES"]}}.get(sys.argv[1]))
"""


def report(
    folder: Path, conclusions: dict[str, str | None], issues: dict[str, int]
) -> list[list[str]]:
    """What `gh` is called with for jobs that ended so, while issues of these titles and numbers are
    open.
    """
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    jobs = [
        {"name": name, "conclusion": end, "html_url": f"https://x/{name}"}
        for name, end in conclusions.items()
    ]
    env = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "GITHUB_REPOSITORY": "owner/template",
        "GITHUB_RUN_ID": "7",
        "JOBS": json.dumps({"jobs": jobs}),
        "ISSUES": json.dumps(
            [{"title": title, "number": number} for title, number in issues.items()]
        ),
    }
    subprocess.run(
        [sys.executable, GITHUB / "report_failed_jobs.py"],
        cwd=folder,
        env=os.environ | env,
        check=True,
    )
    calls = [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
    assert calls[0] == ["api", "repos/owner/template/actions/runs/7/jobs?per_page=100"]
    return [
        call
        for call in calls
        if call[:2] in (["issue", "create"], ["issue", "comment"], ["label", "create"])
    ]


@posix_only
@pytest.mark.parametrize("conclusion", ["failure", "timed_out", "cancelled"])
def test_open_issue_about_failed_job(tmp_path: Path, conclusion: str) -> None:
    label, issue = report(
        tmp_path, {"Inngest SDK": conclusion, "Copier": "success", "Report": None}, {}
    )

    assert label[:3] == ["label", "create", "newest"]
    assert issue[2:6] == ["--title", "Newest versions: Inngest SDK", "--label", "newest"]
    assert issue[-1].startswith("https://x/Inngest SDK\n")


@posix_only
def test_comment_on_open_issue_of_same_title(tmp_path: Path) -> None:
    issues = {"Newest versions: Inngest CLI": 12, "Newest versions: Copier": 13}

    _, *calls = report(tmp_path, {"Inngest SDK": "failure", "Inngest CLI": "failure"}, issues)

    assert [call[:3] for call in calls] == [
        ["issue", "create", "--title"],
        ["issue", "comment", "12"],
    ]


@posix_only
def test_report_nothing_when_no_job_failed(tmp_path: Path) -> None:
    assert (
        report(tmp_path, {"Copier": "success", "Inngest CLI": "skipped", "Report": None}, {}) == []
    )
