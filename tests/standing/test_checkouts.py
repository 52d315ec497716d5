"""Public projects, where they are cloned; `python -m tests.standing CHECKOUTS` says more."""

import os
from pathlib import Path

import pytest

from tests.standing.__main__ import clone_template
from tests.standing.checkouts import CHECKOUTS, Checkout
from tests.standing.proof import Proof

pytestmark = pytest.mark.slow

FOLDER = "STANDING_CHECKOUTS"


@pytest.mark.parametrize("checkout", CHECKOUTS, ids=lambda checkout: checkout.name)
def test_add_inngest_to_public_project(checkout: Checkout, tmp_path: Path) -> None:
    folder = os.environ.get(FOLDER)
    if not folder:
        pytest.skip(f"wants clones of public projects: name their folder in {FOLDER}")
    if not Path(folder, checkout.name).is_dir():
        pytest.skip(f"no clone of {checkout.source} in {folder}")

    row = Proof(checkout, Path(folder), clone_template(tmp_path / "template"), tmp_path).run()

    assert row.problems == [], row
