"""The team's own settings, and what a library makes of the environment: asked in a process of its
own, since that is the app's code.
"""

import json
import subprocess
import sys

from inngest_devtools.errors import DevtoolsError, NotChecked
from inngest_devtools.processes import app_command
from inngest_devtools.project import PROJECT_ROOT, get_project
from inngest_devtools.words import t

TIMEOUT = 30.0  # seconds

# Prints JSON: for each of the two what is wrong with it, or null; or which module is missing.
CODE = """
import importlib.util, json, sys
module, has_own = sys.argv[1], importlib.util.find_spec("core.config") if sys.argv[2] else None
def ask(action):
    try:
        action()
    except ModuleNotFoundError as error:
        print(json.dumps({"missing": error.name}))
        raise SystemExit
    except Exception as error:
        return f"{error}" if type(error).__name__ == "ConfigurationError" else repr(error)
def load_own():
    from core.config import get_settings
    get_settings()
own = ask(load_own) if has_own else None
print(json.dumps([own, ask(lambda: importlib.import_module(module))]))
"""


def check_app_settings() -> str:
    """What was read, in words.

    Raises:
        NotChecked: The app's code does not let them be asked.
        DevtoolsError: A setting of the team's is wrong, or a variable that a library reads.
    """
    project = get_project()
    has_own = "yes" if project.is_new else ""
    command, env = app_command("-c", CODE, f"{project.module}.client", has_own)
    try:
        output = subprocess.run(
            command,
            cwd=PROJECT_ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        ).stdout
        answer = json.loads(output.splitlines()[-1])
    except subprocess.TimeoutExpired:
        words = t("not checked: the app's settings took more than {timeout:.0f} s", timeout=TIMEOUT)
        raise NotChecked(words) from None
    except (OSError, ValueError, IndexError):
        words = t("not checked: the app's settings print or end something else")
        raise NotChecked(words) from None
    if isinstance(answer, dict):
        raise DevtoolsError(
            t(
                "{python} has no {module}: run this with the environment that runs the app.",
                python=sys.executable,
                module=answer["missing"],
            )
        )
    if problems := [problem for problem in answer if problem]:
        raise DevtoolsError("\n".join(problems))
    return t("the app's own settings and the network's variables are valid")
