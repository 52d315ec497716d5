"""The guide's code beside the template's Inngest package: their client is ours, which serves."""

import pytest

from tests.migrate.conftest import HANDLER, Tree

OURS = "import inngest\n\ninngest_client = inngest.Inngest(app_id='x')\n"
CLIENT = """\
import os
from inngest import Inngest

APP_ID = os.getenv("INNGEST_APP_ID", "shop")

# ours
inngest_client = Inngest(
    app_id=APP_ID,  # the id
    event_api_base_url=os.getenv("INNGEST_EVENT_API_URL", "http://127.0.0.1:8288"),
)
"""
MAIN = """\
from core.inngest.client import inngest_client
from core.inngest.functions.orders import ship
from fastapi import FastAPI
from inngest.fast_api import serve as inngest_serve

app = FastAPI()

# last
app.mount("/api/inngest", inngest_serve(app, inngest_client))
"""
PROJECT = """\
app = "server.main:app"
package = "src/core/inngest_app"
module = "core.inngest_app"
port = 8200
"""


@pytest.fixture
def guide(tree: Tree) -> Tree:
    old = 'client = inngest.Inngest(app_id="shop")'
    function = HANDLER.replace(old, "from core.inngest.client import inngest_client as client")
    tree.write(
        {
            "tools/inngest-devtools/project.toml": PROJECT,
            "tools/inngest-devtools/src/old.py": HANDLER,
            "src/core/inngest_app/__init__.py": "from .client import inngest_client\n",
            "src/core/inngest_app/client.py": OURS,
            "src/core/inngest/client.py": CLIENT,
            "src/core/inngest/functions/orders.py": function,
            "src/server/main.py": MAIN,
        }
    )
    return tree


def test_client_is_handed_on_under_its_old_name(guide: Tree) -> None:
    guide.migrate()

    text = guide.read("src/core/inngest/client.py")
    assert text.endswith("# ours\n# the id\nfrom core.inngest_app import inngest_client\n")
    assert "from inngest import" not in text
    assert any("INNGEST_APP_ID has to be shop there" in line for line in guide.decisions)


def test_functions_are_installed_where_they_are(guide: Tree) -> None:
    guide.migrate()

    assert (
        guide.read("src/server/main.py")
        == """\
from core.inngest_app import install_inngest
from core.inngest.client import inngest_client
from core.inngest.functions.orders import ship
from fastapi import FastAPI

app = FastAPI()

# last
install_inngest(app, packages=["core.inngest.functions"])
"""
    )
    assert "ctx" in guide.read("src/core/inngest/functions/orders.py")


def test_what_is_the_templates_stays(guide: Tree) -> None:
    guide.migrate()

    assert guide.read("tools/inngest-devtools/src/old.py") == HANDLER
    assert guide.read("src/core/inngest_app/client.py") == OURS
    assert guide.migrate(".") == 0


def test_serve_that_leaves_a_function_out_stays(guide: Tree) -> None:
    more = guide.read("src/core/inngest/functions/orders.py").replace("ship", "night")
    guide.write({"src/core/inngest/functions/nightly.py": more})

    guide.migrate()

    main = guide.read("src/server/main.py")
    assert main.endswith("inngest_serve(app, inngest_client, [ship])\n")
    assert any("install_inngest would serve night too" in line for line in guide.decisions)


def test_client_with_middleware_is_a_persons_to_merge(guide: Tree) -> None:
    guide.write({"src/core/inngest/client.py": CLIENT.replace("# the id", "middleware=[],")})

    guide.migrate()

    assert "Inngest(" in guide.read("src/core/inngest/client.py")
    assert any("has a client of its own" in line for line in guide.decisions)


def test_examples_of_the_template_are_not_without_a_step(guide: Tree) -> None:
    guide.write({"src/core/inngest_app/functions/example_function.py": HANDLER})

    guide.migrate(".")

    assert "functions/orders.py:" in guide.out.partition("Without a step")[2]
    assert "example_function.py" not in guide.out.partition("Without a step")[2]


def test_variables_of_the_guide_are_read_by_the_package(guide: Tree) -> None:
    guide.write({".env": "INNGEST_EVENT_API_URL=http://127.0.0.1:8288\nINNGEST_PORT=8288\n"})

    guide.migrate(".")

    assert not any("INNGEST_EVENT_API_URL" in line for line in guide.decisions)
    assert any(".env:2: INNGEST_PORT moves the CLI" in line for line in guide.decisions)
