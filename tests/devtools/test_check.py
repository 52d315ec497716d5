"""`check`: all gates, whatever the first of them says."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from inngest_devtools import check


@pytest.mark.parametrize(
    ("gates", "code", "last"),
    [
        ({"good": ["platform"], "fine": ["platform"]}, 0, "--- all passed"),
        ({"bad": ["no_such_module"], "good": ["platform"]}, 1, "--- failed: bad"),
    ],
)
def test_check_runs_every_gate_and_names_what_failed(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    gates: dict[str, list[str]],
    code: int,
    last: str,
) -> None:
    monkeypatch.setattr(check, "GATES", gates)
    monkeypatch.setattr(check, "get_project", lambda: SimpleNamespace(root=tmp_path))

    with pytest.raises(SystemExit) as exit:
        check.main()

    assert exit.value.code == code
    lines = capfd.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("--- ")][-1] == last
    assert all(f"--- {name}" in lines for name in gates)
