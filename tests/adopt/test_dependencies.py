"""Managers, and pins that the SDK cannot live with."""

import pytest
from inngest_devtools.adopt.dependencies import check_packages, check_pins, find_manager
from inngest_devtools.adopt.findings import Finding
from inngest_devtools.adopt.sources import read_sources

from tests.adopt.conftest import Workspace

MANAGERS = {
    "uv": {"pyproject.toml": "[project]\nname='x'\n", "uv.lock": ""},
    "poetry": {"pyproject.toml": "[tool.poetry]\nname='x'\n"},
    "pdm": {"pyproject.toml": "[project]\nname='x'\n", "pdm.lock": ""},
    "hatch": {"pyproject.toml": "[tool.hatch.envs.default]\n"},
    "pip": {"requirements.txt": "fastapi\n"},
}
COMMANDS = {
    "uv": 'uv add "inngest>=0.5.19,<0.6" "pydantic-settings>=2.4"',
    "poetry": 'poetry add "inngest>=0.5.19,<0.6" "pydantic-settings>=2.4"',
    "pdm": 'pdm add "inngest>=0.5.19,<0.6" "pydantic-settings>=2.4"',
    "hatch": 'write "inngest>=0.5.19,<0.6" and "pydantic-settings>=2.4" into the dependencies of',
    "pip": 'write "inngest>=0.5.19,<0.6" and "pydantic-settings>=2.4" into requirements.txt',
}


@pytest.mark.parametrize("name", MANAGERS)
def test_say_command_of_manager(workspace: Workspace, name: str) -> None:
    workspace.write(MANAGERS[name])

    packages, devtools = check_packages(workspace.project())

    assert find_manager(workspace.root).name == name
    assert packages.status == "fail"
    assert packages.fix.startswith(COMMANDS[name])
    assert "inngest-dev dev" in devtools.detail


def test_install_into_hatch_environment_that_has_no_pip(workspace: Workspace) -> None:
    workspace.write({"pyproject.toml": '[tool.hatch.envs.default]\ninstaller = "uv"\n'})

    assert (
        find_manager(workspace.root).dev == "hatch run uv pip install -e ./tools/inngest-devtools"
    )


def test_find_lock_file_of_workspace_above(workspace: Workspace) -> None:
    workspace.write({".git/HEAD": "", "uv.lock": "", "backend/pyproject.toml": ""})

    assert find_manager(workspace.root / "backend").name == "uv"


def test_ask_for_no_package_that_is_there(workspace: Workspace) -> None:
    workspace.write({"requirements.txt": "Inngest>=0.5.19\npydantic_settings==2.7\n"})

    packages, _ = check_packages(workspace.project())

    assert packages.status == "ok"


def test_spare_poetry_a_resolution_that_fails_below_python_3_11(workspace: Workspace) -> None:
    workspace.write({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.10"\n'})

    _, devtools = check_packages(workspace.project())

    assert "poetry run pip install -e" in devtools.fix


def pins(workspace: Workspace, files: dict[str, str]) -> list[Finding]:
    workspace.write(files)
    return check_pins(workspace.project(), read_sources(workspace.project()))


TOO_OLD = {
    "pydantic==2.10.5": "pydantic>=2.11",
    "pydantic>=2.9.0,<2.10.0": "pydantic>=2.11",
    "pydantic<2.11": "pydantic>=2.11",
    "pydantic~=2.10.1": "pydantic>=2.11",
    "pydantic==2.10.*": "pydantic>=2.11",
    "typing_extensions==4.12.2": "typing-extensions>=4.13",
    "fastapi==0.109.0": "fastapi>=0.110",
    "httpx<0.26.0": "httpx>=0.26",
    "pydantic-settings[yaml]==2.1.0 ; python_version > '3.8'": "pydantic-settings>=2.4",
}


@pytest.mark.parametrize("line", TOO_OLD)
def test_name_pin_and_version_that_would_do(workspace: Workspace, line: str) -> None:
    (found,) = pins(workspace, {"requirements.txt": f"# packages\n{line}\n"})

    assert found.status == "fail"
    assert found.detail.startswith("requirements.txt:2: ")
    assert found.fix.startswith(TOO_OLD[line])


NEW_ENOUGH = ["pydantic==2.11.0", "pydantic>=2,<3", "pydantic~=2.6", "pydantic", "pydantic==2.*"]
NEW_ENOUGH += ["typing-extensions>=4.0", "fastapi[standard]>=0.109.1", "httpx<1,>=0.25", "-r x.txt"]
NEW_ENOUGH += ["fastapi @ git+https://example.com/x.git", "pydantic!=2.10", "pydantic===2.12.1"]


@pytest.mark.parametrize("line", NEW_ENOUGH)
def test_accept_what_lets_a_new_version_in(workspace: Workspace, line: str) -> None:
    (found,) = pins(workspace, {"requirements.txt": f"{line}\n"})

    assert found.status == "ok"


@pytest.mark.parametrize(
    ("spec", "status"),
    [("^2.6.1", "ok"), ("~2.10", "fail"), ("2.10.5", "fail"), ("^2.6,<2.10", "fail"), ("*", "ok")],
)
def test_read_poetry_specifications(workspace: Workspace, spec: str, status: str) -> None:
    toml = f'[tool.poetry.dependencies]\npydantic = {{version = "{spec}", extras = ["email"]}}\n'

    (found,) = pins(workspace, {"pyproject.toml": toml})

    assert found.status == status


def test_refuse_pydantic_1(workspace: Workspace) -> None:
    (found,) = pins(workspace, {"requirements.txt": "pydantic<2\nfastapi==0.95.0\nhttpx<0.26\n"})

    assert found.detail.startswith("not possible yet: the app runs on pydantic 1 (pydantic<2 in")


def test_refuse_tortoise_where_it_makes_models(workspace: Workspace) -> None:
    files = {
        "requirements.txt": "tortoise-orm==0.21.1\n",
        "app/m.py": "from tortoise.contrib.pydantic import x\n",
    }

    (found,) = pins(workspace, files)

    assert found.detail.startswith("not possible yet: tortoise-orm==0.21.1 in requirements.txt:1")
    assert "app/m.py" in found.detail


def test_accept_tortoise_without_its_models(workspace: Workspace) -> None:
    files = {"requirements.txt": "tortoise-orm==0.23.0\n", "app/m.py": "import tortoise\n"}

    (found,) = pins(workspace, files)

    assert found.status == "ok"


@pytest.mark.parametrize(
    ("spec", "status"),
    [(">=3.11", "ok"), (">=3.10", "warn"), ("==3.10.*", "fail"), ("<3.11", "fail")],
)
def test_check_python(workspace: Workspace, spec: str, status: str) -> None:
    (found,) = pins(workspace, {"pyproject.toml": f'[project]\nrequires-python = "{spec}"\n'})

    assert found.status == status


def test_ask_to_remove_pin_of_pydantic_core(workspace: Workspace) -> None:
    found = pins(workspace, {"requirements.txt": "pydantic==2.10.5\npydantic-core==2.27.2\n"})

    assert [one.fix.partition(":")[0] for one in found] == ["pydantic>=2.11 would do", "remove it"]


@pytest.mark.parametrize("text", ["", "[project\n", "\ufffd"])
def test_survive_pyproject_that_cannot_be_read(workspace: Workspace, text: str) -> None:
    (found,) = pins(workspace, {"pyproject.toml": text})

    assert found.status == "ok"
