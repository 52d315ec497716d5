"""What doctor says of the team's own settings where their code does not let them be asked."""

import sys
from types import SimpleNamespace

import pytest
from inngest_devtools import app_settings
from inngest_devtools.app_settings import check_app_settings
from inngest_devtools.doctor import _attempt
from inngest_devtools.errors import NotChecked


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import time; time.sleep(60)", "not checked: the app's settings took more than 0 s"),
        ("raise SystemExit", "not checked: the app's settings print or end something else"),
        ("print('[', end='')", "not checked: the app's settings print or end something else"),
    ],
)
def test_settings_that_cannot_be_asked_are_no_success(
    monkeypatch: pytest.MonkeyPatch, code: str, problem: str
) -> None:
    project = SimpleNamespace(is_new=True, module="core.inngest")
    monkeypatch.setattr(app_settings, "get_project", lambda: project)
    monkeypatch.setattr(
        app_settings, "app_command", lambda *_: ([sys.executable, "-c", code], None)
    )
    monkeypatch.setattr(app_settings, "TIMEOUT", 0.1 if "sleep" in code else 30.0)

    with pytest.raises(NotChecked, match=f"^{problem}$"):
        check_app_settings()
    check = _attempt("variables", check_app_settings, "{}")
    assert (check.status, check.detail) == ("warn", problem)
