import asyncio

import inngest
import pytest
from inngest_devtools.testing import CountCalls, InngestServer

from core.inngest.events import TenantAction
from core.inngest.functions import tenant_aware
from core.utils.inngest_tenant_isolation import get_current_tenant_id


def test_run_as_tenant_knows_the_tenant_in_its_step(inngest_server: InngestServer) -> None:
    run = inngest_server.run(TenantAction(tenant_id="acme", action="export").to_event())

    assert run.output == {"success": True, "tenant_id": "acme", "result": "export for acme"}


def test_run_two_tenants_at_once_keeps_them_apart(
    inngest_server: InngestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_inside = asyncio.Barrier(2)

    async def perform(action: str) -> str:
        before = get_current_tenant_id()
        await both_inside.wait()
        return f"{before} {get_current_tenant_id()}"

    monkeypatch.setattr(tenant_aware, "perform", perform)
    tenants = ("acme", "umbrella")

    inngest_server.send(
        *(TenantAction(tenant_id=tenant, action="export").to_event() for tenant in tenants)
    )

    outputs = {run.output["tenant_id"]: run.output["result"] for run in inngest_server.finish()}
    assert outputs == {"acme": "acme acme", "umbrella": "umbrella umbrella"}


def test_run_without_tenant_fails_at_once(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(tenant_aware, "perform")

    run = inngest_server.run(inngest.Event(name="tenant/action", data={"action": "export"}))

    assert run.status == "Failed"
    assert run.output["message"] == "tenant/action has no tenant_id in its data"
    assert calls == {}
