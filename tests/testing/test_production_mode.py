"""Signatures on both sides, as in production."""

from typing import Any

import httpx
import inngest
import jcs  # type: ignore[import-untyped]
import pytest
from inngest_devtools.testing import Run, SyncError, sign

from tests.testing.inngest_app import SIGNING_KEY, App

EVENT = inngest.Event(name="test/event")


@pytest.fixture
def production_run(production_app: App) -> Run:
    @production_app.function()
    async def handler(ctx: inngest.Context) -> Any:
        return await ctx.step.run("a", production_app.step("a", "signed"))

    return production_app.serve().run(EVENT)


def test_run_in_production_signs_requests_and_checks_responses(production_run: Run) -> None:
    assert (production_run.status, production_run.output) == ("Completed", "signed")


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "t=1&s=00",
        sign(b"{}", "cd" * 32),
        sign(jcs.canonicalize({"other": "body"}), SIGNING_KEY),
    ],
    ids=["none", "empty", "malformed", "other key", "other body"],
)
def test_call_production_app_without_valid_signature_is_refused(
    production_app: App, production_run: Run, signature: str | None
) -> None:
    headers = {} if signature is None else {"x-inngest-signature": signature}

    response = httpx.post(
        f"{production_app.url}/api/inngest?fnId=app-fn&stepId=step", content=b"{}", headers=headers
    )

    assert response.status_code == 401
    assert production_app.calls == {"a": 1}


def test_sync_production_app_with_another_key_is_refused(production_app: App) -> None:
    @production_app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    production_app.executor.signing_key = "cd" * 32

    with pytest.raises(SyncError, match="Authentication failed"):
        production_app.serve()


@pytest.mark.stand_in
def test_sync_dev_app_from_a_production_server_is_refused(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    app.executor.signing_key = SIGNING_KEY

    with pytest.raises(SyncError, match="expected Dev Server"):
        app.serve()
