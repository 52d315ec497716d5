"""Each snippet of the older guide, pasted where its reader would, runs after the command."""

import json
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY, Run
from tests.migrate.conftest import Tree

HERE = Path(__file__).parent
README = (REPOSITORY / "README.md").read_text("utf-8")
FUNCTIONS = "src/core/inngest/functions"
# What the guide calls and leaves to its reader.
READERS_STEPS = """

async def fetch_data():
    return 1


async def process_data(data):
    return data + 1


def save_result(processed):
    return f"saved {processed}"
"""
READERS_TENANT = """\
from contextvars import ContextVar
from functools import wraps

_tenant = ContextVar("tenant", default=None)


def get_current_tenant_id():
    return _tenant.get()


def with_tenant_isolation_optional(func):
    @wraps(func)
    async def wrapper(*args, **kwargs):
        ctx = args[0] if args else kwargs.get("ctx")
        event = getattr(ctx, "event", None)
        _tenant.set((event.data or {}).get("tenant_id"))
        return await func(event, **kwargs)

    return wrapper
"""


def read_snippets(language: str) -> list[str]:
    guide = (HERE / "guide.md").read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", guide, re.DOTALL)


def paste_guide(tree: Tree) -> None:
    client, event, cron, steps, main, send, errors, tenant, route = read_snippets("python")
    imports = """\
from .error_handling import error_handling_function
from .example_function import example_function
from .multi_step_workflow import multi_step_workflow
from .scheduled_task import scheduled_task_function
from .tenant_aware import tenant_aware_function
"""
    serve, app = main.split("app = FastAPI()\n")
    more = "from core.inngest.functions import error_handling_function, tenant_aware_function\n"
    sending = textwrap.indent(send.partition("# 发送事件")[2].strip(), "    ")
    sender = f'@app.post("/send")\nasync def send():\n{sending}\n'
    (config,) = read_snippets("json")
    tree.write(
        {
            "pyproject.toml": read_snippets("toml")[0],
            "src/core/inngest/client.py": client,
            f"{FUNCTIONS}/__init__.py": imports,
            f"{FUNCTIONS}/example_function.py": event,
            f"{FUNCTIONS}/scheduled_task.py": cron,
            f"{FUNCTIONS}/multi_step_workflow.py": steps + READERS_STEPS,
            f"{FUNCTIONS}/error_handling.py": errors + "\n\ndef risky_operation():\n    return 5\n",
            f"{FUNCTIONS}/tenant_aware.py": tenant + "    return tenant_id\n",
            "src/core/utils/inngest_tenant_isolation.py": READERS_TENANT,
            "src/server/main.py": f"{serve}{more}\napp = FastAPI()\n\n{route}\n\n{sender}\n{app}",
            "bin/inngest/inngest.config.json": config,
            ".env": read_snippets("bash")[2],
        }
    )


def run_guide(tree: Tree) -> dict[str, Any]:
    """The output of each function of the guide, and what was sent."""
    events = {
        "example-function": ["example/event", {"message": "Hi"}],
        "scheduled-task": ["inngest/scheduled.timer", {}],
        "multi-step-workflow": ["workflow/start", {}],
        "error-handling-example": ["example/error", {}],
        "tenant-aware-function": ["tenant/action", {"tenant_id": 7}],
    }
    script = str(HERE / "run_functions.py")
    command = [sys.executable, script, str(tree.root), "server.main", json.dumps(events)]
    reply = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    assert reply.returncode == 0, reply.stderr[-2000:]
    outputs: dict[str, Any] = json.loads(reply.stdout.splitlines()[-1])
    return outputs


def assert_guide_runs(tree: Tree) -> None:
    outputs = run_guide(tree)
    assert outputs["example-function"]["output"] == {
        "success": True,
        "message": "Hi",
        "event_id": "an-id",
    }
    assert outputs["scheduled-task"]["output"]["success"]
    steps = {
        "status": 200,
        "output": {"success": True, "result": "saved 2"},
        "steps": ["获取数据", "处理数据", "保存结果"],
    }
    assert outputs["multi-step-workflow"] == steps
    assert outputs["error-handling-example"]["output"] == {"success": True, "result": 5}
    assert outputs["tenant-aware-function"]["output"] == 7
    assert outputs["sent"] == ["example/event", "example/event"]


def test_guide_runs_after_the_command(tree: Tree) -> None:
    paste_guide(tree)

    assert tree.migrate() == 0

    assert_guide_runs(tree)


def test_guide_runs_on_the_inngest_package(tree: Tree, copier_template: Path, run: Run) -> None:
    """As the README has a guide-built project take the template."""
    paste_guide(tree)
    tree.write({"bin/inngest/inngest.exe": "", "bin/inngest/start-inngest.sh": ""})
    section = README.partition("### A project built by the integration guide")[2]
    copy, migrate = section.split("```")[1].splitlines()[1:]
    words = shlex.split(copy.replace("ADDRESS", copier_template.as_posix()))
    run(*words[1:], "--defaults", cwd=tree.root)  # without uvx

    assert migrate.endswith("inngest-dev migrate .")
    assert tree.migrate() == 0

    assert "sdk-url" in tree.read("bin/inngest/inngest.config.json")
    assert [path.name for path in (tree.root / "src/core/inngest_app/functions").iterdir()] == [
        "__init__.py"
    ]

    client = tree.read("src/core/inngest/client.py")
    assert client.endswith("from core.inngest_app import inngest_client\n")
    install = 'install_inngest(app, packages=["core.inngest.functions"])\n'
    assert tree.read("src/server/main.py").endswith(install)
    assert_guide_runs(tree)


def test_guide_is_told_what_a_person_decides(tree: Tree) -> None:
    paste_guide(tree)

    tree.migrate()

    places = {line.rpartition(": ")[0].split(": ")[0] for line in tree.decisions}
    assert {place.rpartition(":")[0] for place in places} == {
        ".env",
        "bin/inngest/inngest.config.json",
        "pyproject.toml",
        "src/core/inngest/client.py",
        f"{FUNCTIONS}/scheduled_task.py",
    }
    config = json.loads(tree.read("bin/inngest/inngest.config.json"))
    address = "postgresql://postgres:postgres@localhost:5432/inngest"
    assert config == {"postgres-uri": address, "postgres-max-open-conns": 10}


def test_second_run_changes_nothing(tree: Tree) -> None:
    paste_guide(tree)
    tree.migrate()
    before = {path: path.read_bytes() for path in tree.root.rglob("*.*") if path.is_file()}

    assert tree.migrate(".") == 0
    tree.migrate()

    assert {path: path.read_bytes() for path in tree.root.rglob("*.*") if path.is_file()} == before
