"""Signatures on both sides, as in production."""

from typing import Any

import inngest
import pytest
from inngest_devtools.testing import SyncError

from tests.testing.inngest_app import SIGNING_KEY, App

EVENT = inngest.Event(name="test/event")


def test_run_in_production_signs_requests_and_checks_responses(production_app: App) -> None:
    @production_app.function()
    async def handler(ctx: inngest.Context) -> Any:
        return await ctx.step.run("a", production_app.step("a", "signed"))

    run = production_app.serve().run(EVENT)

    assert (run.status, run.output) == ("Completed", "signed")


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
