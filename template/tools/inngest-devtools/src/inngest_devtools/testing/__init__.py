"""Tests of Inngest functions, over HTTP: against a stand-in for the Inngest server, or against a
real Dev Server.

The names below are what a test imports. They are loaded when first asked for: pytest imports this
package in every session, also in those that have nothing to do with Inngest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inngest_devtools.testing.app_server import free_port, free_ports, serve, url_of
    from inngest_devtools.testing.durable_code import check_file, find_mistakes
    from inngest_devtools.testing.fixtures import CountCalls, OverrideSettings
    from inngest_devtools.testing.inngest_server import InngestServer, Run, SyncError
    from inngest_devtools.testing.protocol import Json
    from inngest_devtools.testing.real_server import RealServer
    from inngest_devtools.testing.signing import sign
    from inngest_devtools.testing.stand_in import StandIn
    from inngest_devtools.testing.unsupported import Unsupported

__all__ = [
    "CountCalls",
    "InngestServer",
    "Json",
    "OverrideSettings",
    "RealServer",
    "Run",
    "StandIn",
    "SyncError",
    "Unsupported",
    "check_file",
    "find_mistakes",
    "free_port",
    "free_ports",
    "serve",
    "sign",
    "url_of",
]

MODULES = {
    "CountCalls": "fixtures",
    "InngestServer": "inngest_server",
    "Json": "protocol",
    "OverrideSettings": "fixtures",
    "RealServer": "real_server",
    "Run": "inngest_server",
    "StandIn": "stand_in",
    "SyncError": "inngest_server",
    "Unsupported": "unsupported",
    "check_file": "durable_code",
    "find_mistakes": "durable_code",
    "free_port": "app_server",
    "free_ports": "app_server",
    "serve": "app_server",
    "sign": "signing",
    "url_of": "app_server",
}


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{MODULES[name]}"), name)
