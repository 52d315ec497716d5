import pytest

from core.config import Settings
from server import main

PRODUCTION = {"inngest_dev": "0", "inngest_event_key": "event-key", "inngest_signing_key": "ab" * 16}


def test_create_app_in_dev_mode_has_test_endpoint_and_hides_inngest() -> None:
    paths = main.create_app().openapi()["paths"]

    assert "/api/v1/test/inngest" in paths
    assert "/api/inngest" not in paths


def test_create_app_in_production_has_no_test_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "get_settings", lambda: Settings.model_validate(PRODUCTION))

    paths = main.create_app().openapi()["paths"]

    assert "/healthz" in paths
    assert "/api/v1/test/inngest" not in paths
