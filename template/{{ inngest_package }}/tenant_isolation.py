"""The tenant of the current run: known in every step, in parallel branches and in
`asyncio.to_thread`, gone afterwards.

The decorator stands below `create_function`, which returns something that cannot be called:

    @inngest_client.create_function(fn_id="tenant-aware-function", trigger=TenantAction.trigger())
    @with_tenant_isolation
    async def tenant_aware_function(ctx: inngest.Context) -> ...:
        tenant_id = get_current_tenant_id()
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from typing import TypeVar

import inngest

from .handlers import find_handler_mistake

T = TypeVar("T")
Handler = Callable[[inngest.Context], Awaitable[T]]
TenantId = str | int

TENANT_KEY = "tenant_id"

_current_tenant_id: ContextVar[TenantId | None] = ContextVar("current_tenant_id", default=None)


def get_current_tenant_id() -> TenantId | None:
    """The tenant of the run that calls this, as its event has it: a text or a whole number.

    None outside of a run, and in a run without a tenant.
    """
    return _current_tenant_id.get()


def with_tenant_isolation(handler: Handler[T]) -> Handler[T]:
    """Run the handler as the tenant that its event names in `data.tenant_id`.

    A run whose event names no tenant, or whose batch of events names several, fails at once with a
    NonRetriableError.

    Raises:
        TypeError: The handler is not `async def`, or does not take a Context.
    """
    return _isolate(handler, required=True)


def with_tenant_isolation_optional(handler: Handler[T]) -> Handler[T]:
    """The same for events that may come without a tenant, for which the current one is None."""
    return _isolate(handler, required=False)


def _isolate(handler: Handler[T], *, required: bool) -> Handler[T]:
    if not inspect.iscoroutinefunction(handler):
        raise TypeError(
            f"{handler!r} must be `async def`: a thread of the SDK's own would not know the tenant"
        )
    mistake = find_handler_mistake(handler)
    if mistake:
        raise TypeError(mistake)

    @wraps(handler)
    async def run_as_tenant(ctx: inngest.Context) -> T:
        tenant_id = _tenant_of(ctx)
        if required and tenant_id is None:
            raise inngest.NonRetriableError(f"{ctx.event.name} has no {TENANT_KEY} in its data")
        token = _current_tenant_id.set(tenant_id)
        try:
            return await handler(ctx)
        finally:  # also when the SDK interrupts the handler after a step
            _current_tenant_id.reset(token)

    return run_as_tenant


def _tenant_of(ctx: inngest.Context) -> TenantId | None:
    tenants = {_tenant_in(event) for event in ctx.events}
    if len(tenants) > 1:
        raise inngest.NonRetriableError(
            f'a batch mixes tenants: add key="event.data.{TENANT_KEY}" to batch_events'
        )
    return tenants.pop() if tenants else None


def _tenant_in(event: inngest.Event) -> TenantId | None:
    data: Mapping[str, object] = event.data
    if event.name == "inngest/function.failed":
        # What an `on_failure` handler receives wraps the run's own event.
        original = data.get("event")
        data = original.get("data", {}) if isinstance(original, dict) else {}
    tenant_id = data.get(TENANT_KEY) if isinstance(data, dict) else None
    if isinstance(tenant_id, str):
        return tenant_id if tenant_id.strip() else None
    is_number = isinstance(tenant_id, int) and not isinstance(tenant_id, bool)
    return tenant_id if is_number else None
