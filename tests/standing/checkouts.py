"""Public projects that Inngest is added to by `python -m tests.standing`.

Their sources are no part of this repository: clone the ones that you want to try.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Checkout:
    """A project, and how its own tests run.

    Args:
        name: Of the folder that it was cloned into.
        source: Repository and commit that was tried.
        package, app: The answers.
        python: The version that it runs on.
        install: Commands that give it its packages; a virtual environment is active.
        add: What adds ours, instead of `uv pip install`.
        tests: What runs its tests; empty: it has none, or none that run without a service.
        folder: Of the project in the repository.
        raise_pins: Replacements in its files that `adopt` asks for.
        env: What its settings want.
        refusal: What `adopt` has to say instead of going on.
        lifespan: Whether its app answers only once it has started.
    """

    name: str
    source: str
    package: str
    app: str
    python: str
    install: tuple[str, ...]
    tests: str = ""
    folder: str = "."
    add: str = 'uv pip install "inngest>=0.5.19,<0.6" "pydantic-settings>=2.4"'
    raise_pins: dict[str, dict[str, str]] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    refusal: str = ""
    lifespan: bool = False


POETRY_EXPORT = (
    'uvx --python 3.11 --from "poetry<2" --with poetry-plugin-export'
    " poetry export --without-hashes --with dev --output exported.txt"
)
POSTGRES = {
    "POSTGRES_SERVER": "127.0.0.1",
    "POSTGRES_PORT": "5499",
    "POSTGRES_USER": "postgres",
    "POSTGRES_PASSWORD": "changethis",
}

CHECKOUTS = (
    Checkout(
        name="fastapi-nano",
        source="rednafi/fastapi-nano @ a952bdec",
        package="svc",
        app="svc.main:app",
        python="3.13",
        install=("uv sync --frozen --active",),
        add='uv add --active "inngest>=0.5.19,<0.6" "pydantic-settings>=2.4"',
        tests="cd svc && python -m pytest",
    ),
    Checkout(
        name="FastAPI-boilerplate",
        source="benavlabs/FastAPI-boilerplate @ b88fe20c",
        package="src/app",
        app="src.app.main:app",
        python="3.11",
        install=("uv sync --frozen --active --all-extras",),
        add='uv add --active "inngest>=0.5.19,<0.6" "pydantic-settings>=2.4"',
        tests="python -m pytest",
        env={
            "SECRET_KEY": "x" * 32,
            "APP_DESCRIPTION": "-",
            "APP_VERSION": "1",
            "LICENSE": "MIT",
            "CONTACT_NAME": "-",
            "CONTACT_EMAIL": "a@example.com",
        },
    ),
    Checkout(
        name="full-stack-fastapi-template",
        source="fastapi/full-stack-fastapi-template @ d40de238",
        folder="backend",
        package="app",
        app="app.main:app",
        python="3.12",
        install=("uv sync --frozen --active --all-packages",),
        add='uv add --active "inngest>=0.5.19,<0.6" "pydantic-settings>=2.4"',
        tests="python app/backend_pre_start.py && alembic upgrade head"
        " && python app/initial_data.py && python -m pytest tests",
        env=POSTGRES,
    ),
    Checkout(
        name="mealie",
        source="mealie-recipes/mealie @ b5643a93",
        package="mealie",
        app="mealie.app:app",
        python="3.11",
        # python-ldap wants a C library: its tests are none of the ones that run here.
        install=(
            POETRY_EXPORT,
            "grep -v ^python-ldap exported.txt > packages.txt",
            "uv pip install -r packages.txt",
            "mkdir -p stub/ldap && touch stub/ldap/__init__.py"
            " && echo 'LDAPObject = object' > stub/ldap/ldapobject.py",
        ),
        # One test orders rows of random names, and now and then fails by itself.
        tests="python -m pytest tests/unit_tests -k 'not order_by_multiple_directions'",
        env={"PYTHONPATH": "stub", "PRODUCTION": "False"},
    ),
    Checkout(
        name="teamhide",
        source="teamhide/fastapi-boilerplate @ df4e6d4f",
        package="app",
        app="app.server:app",
        python="3.11",
        install=(POETRY_EXPORT, "uv pip install -r exported.txt"),
        tests="python -m pytest",
    ),
    Checkout(
        name="fastapi-jwt",
        source="testdrivenio/fastapi-jwt @ e4cf0b46",
        package="app",
        app="app.api:app",
        python="3.11",
        install=("uv pip install -r requirements.txt",),
        env={"secret": "x" * 32, "algorithm": "HS256"},
    ),
    Checkout(
        name="vue-fastapi-admin",
        source="mizhexiaoxiao/vue-fastapi-admin @ 79d1bbb4",
        package="app",
        app="app:app",
        python="3.11",
        install=("uv pip install -r requirements.txt",),
        raise_pins={
            "requirements.txt": {
                "pydantic==2.10.5": "pydantic>=2.11",
                "pydantic-core==2.27.2\n": "",
                "typing-extensions==4.12.2": "typing-extensions>=4.13",
            },
            "pyproject.toml": {
                '"pydantic==2.10.5"': '"pydantic>=2.11"',
                '    "pydantic-core==2.27.2",\n': "",
                '"typing-extensions==4.12.2"': '"typing-extensions>=4.13"',
            },
        },
        add='uv pip install "inngest>=0.5.19,<0.6" -r requirements.txt',
        lifespan=True,
    ),
    Checkout(
        name="fastapi-tdd-docker",
        source="testdrivenio/fastapi-tdd-docker @ 13cff427",
        folder="project",
        package="app",
        app="app.main:app",
        python="3.12",
        install=(),
        refusal="tortoise-orm==0.20.0",
    ),
    Checkout(
        name="realworld",
        source="nsidnev/fastapi-realworld-example-app @ 029eb778",
        package="app",
        app="app.main:app",
        python="3.11",
        install=(),
        refusal="pydantic 1",
    ),
)
