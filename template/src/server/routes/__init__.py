"""The app's routes: every module here that has a `router`. A new file is served as it is."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter


def find_routers(mode: str) -> list[APIRouter]:
    """The routers for a mode; a module with `MODES = ("dev",)` is there in that mode only."""
    names = sorted(module.name for module in iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return [
        module.router
        for module in modules
        if hasattr(module, "router") and mode in getattr(module, "MODES", (mode,))
    ]
