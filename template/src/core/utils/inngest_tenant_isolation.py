"""Tenant isolation, at the place that the integration guide names."""

from core.inngest.tenant_isolation import (
    get_current_tenant_id,
    with_tenant_isolation,
    with_tenant_isolation_optional,
)

__all__ = ["get_current_tenant_id", "with_tenant_isolation", "with_tenant_isolation_optional"]
