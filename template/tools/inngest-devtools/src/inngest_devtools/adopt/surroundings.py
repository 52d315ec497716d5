"""What stands around the app and may need a word: coverage, linters, images, middlewares."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from inngest_devtools.adopt.calls import name_of
from inngest_devtools.adopt.constraints import read_pyproject
from inngest_devtools.adopt.findings import Finding
from inngest_devtools.adopt.sources import Source
from inngest_devtools.project import Project
from inngest_devtools.words import later, t

OWN_FOLDERS = ("tools/inngest-devtools", "inngest_tests")


def check_surroundings(project: Project, sources: list[Source]) -> list[Finding]:
    """A word for each matter that is there; nothing for the others."""
    findings = [
        *_check_ignored(project),
        *_check_coverage(project),
        *_check_linters(project),
        *_check_middlewares(sources),
        *_check_settings(sources),
        *_check_images(project),
    ]
    return findings


def _check_ignored(project: Project) -> Iterator[Finding]:
    """What git would not take: their `.gitignore` may name `bin/` or `tools/`."""
    paths = [f"{project.package}/client.py", "bin/inngest/inngest.config.json"]
    paths += ["tools/inngest-devtools/pyproject.toml", "inngest_tests/conftest.py", "INNGEST.md"]
    try:
        result = subprocess.run(
            ["git", "check-ignore", "--", *paths], cwd=project.root, capture_output=True, text=True
        )
    except OSError:
        return
    for path in result.stdout.splitlines():
        folder = path.rpartition("/")[0] or path
        detail = t(
            "git ignores {path}: it would be missing wherever the project is cloned", path=path
        )
        fix = t("write !/{folder}/ into .gitignore, or git add --force", folder=folder)
        yield Finding("git", "fail", detail, fix)


def _check_coverage(project: Project) -> Iterator[Finding]:
    for path in ("pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", ".coveragerc", "Makefile"):
        text = _read(project.root / path)
        if re.search(r"--cov\b|^\[tool\.coverage|^\[coverage:|^\[run\]|fail_under", text, re.M):
            detail = t(
                "{path} measures coverage: your own tests run nothing of {package}",
                path=path,
                package=project.package,
            )
            omitted = t(
                'omit = ["{package}/*"] in the settings of coverage (run)', package=project.package
            )
            if project.package not in text:
                yield Finding("coverage", "warn", detail, omitted)
            return


LINTERS = {
    "black": later("extend-exclude = '''{folders}''' in [tool.black]"),
    "isort": later("extend_skip_glob = [{globs}] in [tool.isort]"),
    "flake8": later("extend-exclude = {commas} in its settings"),
    "pylint": later("ignore-paths = [{globs}] in its settings"),
}
TYPE_CHECKERS = {
    "mypy": later("exclude = '{folders}' in [tool.mypy], if you run `mypy .`"),
    "pyright": later("exclude = [{globs}] in [tool.pyright], if it reads everything"),
}


def _check_linters(project: Project) -> Iterator[Finding]:
    """ruff finds a `ruff.toml` in each of our folders, type checkers pass the Inngest package; the
    others want to be told.
    """
    tools = read_pyproject(project.root).get("tool", {})
    other = _read(project.root / "setup.cfg") + _read(project.root / "tox.ini")
    hooks = _read(project.root / ".pre-commit-config.yaml")
    for name, form in (LINTERS | TYPE_CHECKERS).items():
        files = [f".{name}", f".{name}rc", f"{name}.ini"]
        own = str(tools.get(name, "")) + "".join(_read(project.root / file) for file in files)
        is_used = bool(own) or f"[{name}" in other or f"id: {name}\n" in f"{hooks}\n"
        if not is_used or "inngest" in own + other or _names_its_files(name, own):
            continue
        folders = OWN_FOLDERS if name in TYPE_CHECKERS else (project.package, *OWN_FOLDERS)
        fix = t(
            form,
            folders="|".join(folders),
            commas=",".join(folders),
            globs=", ".join(f'"{folder}/*"' for folder in folders),
        )
        detail = t("{name} would read the template's files, too", name=name)
        yield Finding("linters", "warn", detail, fix)


def _names_its_files(name: str, settings: str) -> bool:
    """Whether a type checker is told what to read, so that it finds none of our folders."""
    keys = {"mypy": r"\b(?:files|packages|modules)\b", "pyright": r"\binclude\b"}
    return name in keys and bool(re.search(keys[name], settings))


def _check_middlewares(sources: list[Source]) -> Iterator[Finding]:
    for source in sources:
        for node in source.nodes:
            if isinstance(node, ast.ClassDef) and _is_middleware(node) and _reads_bodies(node):
                detail = t(
                    "{path}:{line}: {name} reads requests, Inngest's too",
                    path=source.path,
                    line=node.lineno,
                    name=node.name,
                )
                yield Finding("middleware", "warn", detail, t("leave out /api/inngest there"))
            elif isinstance(node, ast.Call) and "TrustedHostMiddleware" in _names_given(node):
                detail = f"{source.path}:{node.lineno}: TrustedHostMiddleware"
                fix = t("allow 127.0.0.1 in development, and the host by which Inngest calls")
                yield Finding("middleware", "warn", detail, fix)
            elif isinstance(node, ast.Call) and "HTTPSRedirectMiddleware" in _names_given(node):
                detail = f"{source.path}:{node.lineno}: HTTPSRedirectMiddleware"
                yield Finding("middleware", "warn", detail, t("leave it out in development"))


def _is_middleware(node: ast.ClassDef) -> bool:
    return "Middleware" in node.name or any("Middleware" in name_of(base) for base in node.bases)


def _reads_bodies(node: ast.ClassDef) -> bool:
    reads = {f"{name}.{read}" for name in ("request", "req") for read in ("body", "json", "form")}
    return any(isinstance(one, ast.Call) and name_of(one.func) in reads for one in ast.walk(node))


def _names_given(node: ast.Call) -> set[str]:
    if not name_of(node.func).endswith(("add_middleware", "Middleware")):
        return set()
    return {name_of(argument).rpartition(".")[2] for argument in node.args[:1]}


def _check_settings(sources: list[Source]) -> Iterator[Finding]:
    """Settings that read `.env` and forbid what they do not know: pydantic-settings' default."""
    for source in sources:
        if "pydantic_settings" not in source.imported_packages:
            continue
        for node in source.nodes:
            if not isinstance(node, ast.ClassDef) or not _is_settings(node):
                continue
            is_open = re.search(r"extra['\"]?\s*[=:]\s*\S*(ignore|allow)", ast.unparse(node))
            if _reads_dotenv(node) and not is_open:
                place = f"{source.path}:{node.lineno}"
                detail = t(
                    "{place}: {name} forbids unknown lines in its .env", place=place, name=node.name
                )
                fix = t('keep INNGEST_* in the environment, or write extra="ignore" there')
                yield Finding("settings", "warn", detail, fix)


def _reads_dotenv(node: ast.ClassDef) -> bool:
    """Whether `env_file` is `.env`, or something that only the running app knows."""
    for part in ast.walk(node):
        if isinstance(part, ast.keyword) and part.arg == "env_file":
            return _may_be_dotenv(part.value)
        if isinstance(part, ast.Assign) and name_of(part.targets[0]) == "env_file":
            return _may_be_dotenv(part.value)
        if isinstance(part, ast.Dict):
            entries = zip(part.keys, part.values, strict=True)
            values = [one for key, one in entries if getattr(key, "value", "") == "env_file"]
            if values:
                return _may_be_dotenv(values[0])
    return False


def _may_be_dotenv(value: ast.expr) -> bool:
    constants = [part.value for part in ast.walk(value) if isinstance(part, ast.Constant)]
    names = [one.rpartition("/")[2] for one in constants if isinstance(one, str)]
    is_known = isinstance(value, ast.Constant | ast.Tuple | ast.List)
    return ".env" in names if is_known else True


def _is_settings(node: ast.ClassDef) -> bool:
    return any("Settings" in name_of(base) for base in node.bases)


COPY = re.compile(r"^\s*(?:COPY|ADD)\s+(?!--from)(?:--\S+\s+)*(?P<what>.+)$", re.I | re.M)
FROM = re.compile(r"^\s*FROM\s+\S*python:(?P<version>3\.\d+)", re.I | re.M)


def _check_images(project: Project) -> Iterator[Finding]:
    for path in _find_dockerfiles(project.root):
        text = _read(path)
        if not re.search(r"python|\bpip\b|\buv\b|poetry", text):
            continue  # a frontend's
        name = path.relative_to(project.root).as_posix()
        for version in FROM.findall(text):
            if tuple(map(int, version.split("."))) < (3, 11):
                detail = t(
                    "{name} runs Python {version}, the functions need 3.11",
                    name=name,
                    version=version,
                )
                yield Finding("docker", "fail", detail, t("FROM python:3.13-slim, or what you run"))
        sources = [one for what in COPY.findall(text) for one in what.split()[:-1]]
        folders = [one for one in sources if "." not in one.strip("./").rpartition("/")[2]]
        if folders and not any(_covers(one, project.package) for one in sources):
            detail = t(
                "{name} copies files one by one, {package} not among them",
                name=name,
                package=project.package,
            )
            yield Finding("docker", "warn", detail, f"COPY {project.package} {project.package}")


def _find_dockerfiles(root: Path) -> list[Path]:
    found = [*root.glob("Dockerfile*"), *root.glob("*/Dockerfile*"), *root.glob("*/*.Dockerfile")]
    return sorted(path for path in found if path.is_file() and not _is_hidden(path, root))


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _covers(copied: str, package: str) -> bool:
    """Whether a copied path holds the package; it may start above the project, in a monorepo."""
    parts = [part for part in copied.strip('"[,').split("/") if part not in ("", ".")]
    tails = ["/".join(parts[start:]) for start in range(len(parts))]
    holds = any(package == tail or package.startswith(f"{tail}/") for tail in tails)
    return not parts or holds or "*" in copied or "$" in copied


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace") if path.is_file() else ""
    except OSError:
        return ""
