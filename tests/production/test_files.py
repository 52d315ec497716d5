"""The deployment's files: what validators say of them, and that they agree with each other and with
the code.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from tests.conftest import Run, posix_only
from tests.releases import Releases, changed_files, read_tree, update

DEPLOYMENTS = ["[]", "[compose]", "[kubernetes]", "[compose, kubernetes]"]
KEYS = {"INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"}

# Read by uvicorn, by FastAPI and by OpenTelemetry, not by Settings.
OTHER_VARIABLES = {
    "FORWARDED_ALLOW_IPS",
    "FASTAPI_OTEL_AUTO_CONFIGURE",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_SERVICE_NAME",
}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def resources(deployment: Path) -> dict[str, dict[str, Any]]:
    """The Kubernetes resources by kind."""
    return {resource["kind"]: resource for resource in reversed(all_resources(deployment))}


def all_resources(deployment: Path) -> list[dict[str, Any]]:
    """Of a kind that is there twice, the app's comes first."""
    folder = deployment / "deploy/kubernetes"
    files = [folder / name for name in load(folder / "kustomization.yaml")["resources"]]
    return [resource for file in files for resource in yaml.safe_load_all(file.read_text())]


def settings_variables(deployment: Path) -> set[str]:
    """The app's and Inngest's."""
    files = [deployment / "src/core/config.py", deployment / "src/core/inngest/settings.py"]
    text = "".join(file.read_text() for file in files)
    return {name.upper() for name in re.findall(r"^    (\w+): .+", text, re.MULTILINE)}


# --- Which files there are


@pytest.mark.parametrize("deploy", DEPLOYMENTS)
def test_copy_renders_files_of_chosen_deployments(
    copy: Callable[..., Path], tmp_path: Path, deploy: str
) -> None:
    project = copy(tmp_path / "my-app", f"deploy={deploy}")

    def exist(*names: str) -> set[bool]:
        return {(project / name).exists() for name in names}

    assert exist("Dockerfile", ".dockerignore", "deploy/README.md") == {deploy != "[]"}
    assert exist("compose.yaml", ".env.production.example", "deploy/nginx.conf") == {
        "compose" in deploy
    }
    assert exist("deploy/kubernetes") == {"kubernetes" in deploy}
    assert (project / "deploy").exists() == (deploy != "[]")


def test_update_deployment_leaves_what_a_fresh_copy_has(
    copier_template: Path, copy: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    project = Releases(copier_template, run).born(tmp_path / "my-app")

    update(run, project, "--data", "deploy=[kubernetes]")

    (tmp_path / "fresh").mkdir()
    fresh = copy(tmp_path / "fresh" / "my-app", "deploy=[kubernetes]")
    assert read_tree(project) == read_tree(fresh)
    assert changed_files(run, project) >= {
        "compose.yaml",
        ".env.production.example",
        ".copier-answers.yml",
    }


@pytest.mark.parametrize("deploy", DEPLOYMENTS[1:])
def test_write_deploy_page_about_chosen_deployments(
    copy: Callable[..., Path], tmp_path: Path, deploy: str
) -> None:
    text = (copy(tmp_path / "my-app", f"deploy={deploy}") / "deploy/README.md").read_text()

    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#(.+?)\)", text)) <= anchors
    assert ("One machine: Docker Compose" in headings) == ("compose" in deploy)
    assert ("A cluster: Kubernetes" in headings) == ("kubernetes" in deploy)
    assert "Inngest Cloud" in headings
    assert "\n\n\n" not in text


def test_ignore_production_settings_but_not_their_example(
    deployment: Path, run: Run, tmp_path: Path
) -> None:
    shutil.copy(deployment / ".gitignore", tmp_path)
    run("git", "init", "--quiet", cwd=tmp_path)

    ignored = run(
        "git",
        "check-ignore",
        ".env",
        ".env.production",
        ".env.production.example",
        cwd=tmp_path,
        check=False,
    )

    assert ignored.stdout.split() == [".env", ".env.production"]


# --- Validators; none of them asks the network


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.compose-spec", "compose.yaml"),
        ("vendor.dependabot", ".github/dependabot.yml"),
        ("vendor.github-workflows", ".github/workflows/ci.yml"),
        ("custom.github-workflows-require-timeout", ".github/workflows/ci.yml"),
    ],
)
def test_write_file_by_its_schema(deployment: Path, run: Run, schema: str, file: str) -> None:
    run("check-jsonschema", "--builtin-schema", schema, file, cwd=deployment)


def test_write_workflows_without_findings_of_zizmor(deployment: Path, run: Run) -> None:
    run("zizmor", "--offline", ".github", cwd=deployment)


@pytest.mark.skipif(os.name == "nt", reason="hadolint has no package for Windows")
def test_write_dockerfile_without_findings_of_hadolint(deployment: Path, run: Run) -> None:
    run("hadolint", "Dockerfile", cwd=deployment)


@pytest.mark.parametrize("version", ["1.28", "1.37"])
def test_write_manifests_by_schemas_of_kubernetes(deployment: Path, version: str) -> None:
    found = resources(deployment)

    assert set(found) == {
        "Namespace",
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "Job",
    }
    budget = load(deployment / "deploy/kubernetes/inngest-pdb.yaml")
    for resource in [*all_resources(deployment), budget]:
        kubernetes_validate.validate(resource, version, strict=True)


@pytest.mark.slow
def test_write_manifests_without_findings_of_checkov(deployment: Path, run: Run) -> None:
    """What it says and is meant so stands in its settings, each with its reason."""
    settings = (deployment / "deploy/kubernetes/.checkov.yaml").read_text()

    run(*shlex.split(settings.removeprefix("# ").partition(":")[0]), cwd=deployment)

    assert re.findall(r"^  - CKV\w+$", settings, re.MULTILINE) == [], (
        "an exception without a reason"
    )


# --- Agreement


def test_pin_one_version_of_inngest_everywhere(deployment: Path) -> None:
    cli = deployment / "tools/inngest-devtools/src/inngest_devtools/dev_server/inngest_cli.py"
    version = re.search(r'^VERSION = "(.+)"', cli.read_text(), re.MULTILINE)
    assert version

    values = load(deployment / "deploy/kubernetes/inngest-values.yaml")
    assert (
        load(deployment / "compose.yaml")["services"]["inngest"]["image"]
        == f"inngest/inngest:v{version[1]}"
    )
    assert values["image"]["tag"] == f"v{version[1]}"


def test_pin_every_image(deployment: Path) -> None:
    services = load(deployment / "compose.yaml")["services"].values()
    images = {service["image"] for service in services if "build" not in service}
    dockerfile = (deployment / "Dockerfile").read_text()
    images |= set(re.findall(r"^FROM (\S+)", dockerfile, re.M))

    assert len(images) == 6
    assert [image for image in images if not re.search(r":v?\d", image)] == []
    assert not re.search(r"--from=\S*[:/]", dockerfile), "Dependabot reads FROM alone"


# A docker that knows every image but one.
DOCKER = """#!/bin/sh
[ "$4" != "$UNKNOWN" ] && printf 'sha256:%064d\\n' 7
"""
DIGEST = f"@sha256:{7:064}"


def pin_images(run: Run, project: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    """As deploy/README.md says it, with a docker of ours."""
    (project / "docker").write_text(DOCKER)
    (project / "docker").chmod(0o755)
    env |= {"PATH": f"{project}{os.pathsep}{os.environ['PATH']}"}
    return run(sys.executable, "deploy/pin_images.py", cwd=project, env=env, check=False)


@posix_only
@pytest.mark.parametrize("deploy", DEPLOYMENTS[1:])
def test_pin_images_by_digest_beside_their_tags(
    copy: Callable[..., Path], run: Run, tmp_path: Path, deploy: str
) -> None:
    project = copy(tmp_path / "my-app", f"deploy={deploy}")
    before = {path: path.read_text() for path in project.rglob("*") if path.is_file()}

    for _ in range(2):  # the second finds what the first wrote
        assert pin_images(run, project).returncode == 0

    compose, values = project / "compose.yaml", project / "deploy/kubernetes/inngest-values.yaml"
    pinned = set(re.findall(rf"^FROM \S+{DIGEST}", (project / "Dockerfile").read_text(), re.M))
    assert len(pinned) == 2
    if compose.exists():
        services = load(compose)["services"].values()
        pinned |= {service["image"] for service in services if "build" not in service}
        run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", compose, cwd=project)
    if values.exists():
        pinned.add(load(values)["image"]["tag"])
    assert [image for image in pinned if not image.endswith(DIGEST)] == []
    for path, text in before.items():
        assert path.read_text().replace(DIGEST, "") == text


@posix_only
def test_pin_images_of_which_one_is_not_there_writes_nothing(
    copy: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    project = copy(tmp_path / "my-app", "deploy=[compose]")

    result = pin_images(run, project, UNKNOWN="redis:7-alpine")

    assert result.returncode == 1
    assert result.stderr == (
        "ERROR:    redis:7-alpine has no digest, nothing was written."
        " Try: docker buildx imagetools inspect redis:7-alpine\n"
    )
    for name in ("Dockerfile", "compose.yaml"):
        assert "@sha256" not in (project / name).read_text()


@pytest.mark.skipif(not shutil.which("kubectl"), reason="needs kubectl")
def test_name_app_image_by_digest_in_kustomization(
    deployment: Path, run: Run, tmp_path: Path
) -> None:
    folder = shutil.copytree(deployment / "deploy/kubernetes", tmp_path / "kubernetes")
    file = folder / "kustomization.yaml"
    text = file.read_text()
    file.write_text(text.replace('newTag: "1"', f"digest: {DIGEST.removeprefix('@')}"))

    found = run("kubectl", "kustomize", folder, cwd=tmp_path).stdout

    images = [line.split()[-1] for line in found.splitlines() if " image: " in line]
    assert images == [f"registry.example.com/my-app{DIGEST}"] * 2  # the app's and the sync's


def test_leave_databases_on_the_version_that_wrote_their_data(deployment: Path) -> None:
    updates = load(deployment / ".github/dependabot.yml")["updates"]
    (compose,) = [update for update in updates if update["package-ecosystem"] == "docker-compose"]
    majors = {each["dependency-name"] for each in compose["ignore"] if "update-types" in each}

    services = load(deployment / "compose.yaml")["services"].values()
    assert majors == {
        service["image"].partition(":")[0]
        for service in services
        if any(not volume.startswith(".") for volume in service.get("volumes", []))
    }


def test_use_one_port_everywhere(copy: Callable[..., Path], tmp_path: Path) -> None:
    project = copy(tmp_path / "my-app", "port=9123", "deploy=[compose, kubernetes]")

    folder = project / "deploy/kubernetes"
    files = [
        project / "Dockerfile",
        project / "compose.yaml",
        *folder.iterdir(),
        project / "deploy/nginx.conf",
        project / "deploy/README.md",
    ]
    assert [file.name for file in files if "8200" in file.read_text()] == []
    assert load(folder / "service.yaml")["spec"]["ports"][0]["port"] == 9123
    assert load(project / "compose.yaml")["services"]["app"]["ports"] == [
        "${APP_PORT:-127.0.0.1:9123}:9123"
    ]


def test_give_app_only_variables_that_it_reads(deployment: Path) -> None:
    known = settings_variables(deployment) | OTHER_VARIABLES
    services = load(deployment / "compose.yaml")["services"]
    kustomization = load(deployment / "deploy/kubernetes/kustomization.yaml")
    literals = {
        literal.partition("=")[0] for literal in kustomization["configMapGenerator"][0]["literals"]
    }

    assert KEYS <= set(services["app"]["environment"]) <= known
    assert KEYS <= set(services["sync"]["environment"]) <= known
    assert literals <= known


@pytest.mark.parametrize("deploy", DEPLOYMENTS[1:])
def test_show_the_whole_of_the_settings_for_inngest_cloud(
    copy: Callable[..., Path], tmp_path: Path, deploy: str
) -> None:
    project = copy(tmp_path / "my-app", f"deploy={deploy}")
    text = (project / "deploy/README.md").read_text().partition("## Inngest Cloud")[2]
    file, commands = re.findall(r"```(?:text|bash)\n(.*?)```", text, re.DOTALL)[:2]

    assert {line.partition("=")[0] for line in file.splitlines()} == KEYS | {"INNGEST_SERVE_ORIGIN"}
    assert KEYS | {"INNGEST_SERVE_ORIGIN"} <= settings_variables(project)
    assert "--env-file .env.production" in commands


def test_name_in_example_only_variables_that_reach_something(deployment: Path) -> None:
    named = set(
        re.findall(
            r"^(?:# )?(\w+)=", (deployment / ".env.production.example").read_text(), re.MULTILINE
        )
    )
    compose = (deployment / "compose.yaml").read_text()
    app = yaml.safe_load(compose)["services"]["app"]["environment"]

    assert named <= set(re.findall(r"\$\{(\w+)", compose)) | {
        name for name, value in app.items() if value is None
    }


def test_explain_every_variable_of_compose(deployment: Path) -> None:
    used = set(re.findall(r"\$\{(\w+)", (deployment / "compose.yaml").read_text()))
    example = (deployment / ".env.production.example").read_text()
    required = set(
        re.findall(
            r"\$\{(\w+):\?make it as .env.production.example says\}",
            (deployment / "compose.yaml").read_text(),
        )
    )

    assert used <= set(re.findall(r"^(?:# )?(\w+)=", example, re.MULTILINE))
    assert (
        required
        == set(re.findall(r"^(\w+)=$", example, re.MULTILINE))
        == KEYS | {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}
    )


def test_publish_app_alone_and_keep_it_from_the_databases(deployment: Path) -> None:
    compose = load(deployment / "compose.yaml")
    services = compose["services"]

    assert [name for name, service in services.items() if service.get("ports")] == ["app", "proxy"]
    assert services["app"]["ports"][0].startswith("${APP_PORT:-127.0.0.1:")
    assert services["proxy"]["profiles"] == ["proxy"]  # there only for whoever asks
    assert [name for name, service in services.items() if "public" in service["networks"]] == [
        "app",
        "proxy",
    ]
    assert {name for name, service in services.items() if "storage" in service["networks"]} == {
        "inngest",
        "postgres",
        "redis",
    }
    assert compose["networks"]["storage"] == compose["networks"]["inngest"] == {"internal": True}


def test_name_in_commands_only_services_and_volumes_that_are_there(deployment: Path) -> None:
    page = (deployment / "deploy/README.md").read_text()
    compose = load(deployment / "compose.yaml")
    services = set(compose["services"])

    commands = re.findall(r"^docker compose --env-file .env.production (.+)$", page, re.MULTILINE)
    commands = [command.partition("   #")[0] for command in commands]
    words = {word for command in commands for word in re.findall(r"(?<!\S)[a-z]\w+", command)}
    verbs = {"create", "exec", "logs", "run", "stop", "up", "pg_dump", "psql"}
    overrides = [
        yaml.safe_load(text.replace("!reset", ""))
        for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    ]

    assert len(commands) > 8
    assert words - verbs <= services
    assert set(re.findall(r"--volume my-app_(\w+):", page)) == {"redis"} <= set(compose["volumes"])
    assert [set(override["services"]) for override in overrides] == [{"inngest"}, {"app"}]


def test_start_services_in_order_of_health(deployment: Path) -> None:
    services = load(deployment / "compose.yaml")["services"]
    order = {name: set(service.get("depends_on", {})) for name, service in services.items()}

    assert order == {
        "sync": {"app"},
        "proxy": {"app"},
        "app": {"inngest"},
        "inngest": {"postgres", "redis"},
        "postgres": set(),
        "redis": set(),
    }
    for service in services.values():
        assert {each["condition"] for each in service.get("depends_on", {}).values()} <= {
            "service_healthy"
        }
    for name in ("inngest", "postgres", "redis"):  # the app's is in its Dockerfile
        assert services[name]["healthcheck"]["test"]


def test_keep_what_runs_need_in_redis_and_refuse_what_is_too_much(deployment: Path) -> None:
    """Without `maxmemory` the policy never refuses anything, and the machine's memory ends first."""
    command = " ".join(load(deployment / "compose.yaml")["services"]["redis"]["command"])

    assert "--appendonly yes" in command
    assert re.search(
        r"--maxmemory \$\{REDIS_MAXMEMORY:-\d+mb\} --maxmemory-policy noeviction", command
    )


def test_keep_events_out_of_the_log_of_inngest(deployment: Path) -> None:
    environment = load(deployment / "compose.yaml")["services"]["inngest"]["environment"]

    assert environment["LOG_LEVEL"] == "warn"


@pytest.mark.parametrize("file", ["compose.yaml", "deploy/README.md", ".env.production.example"])
def test_make_the_file_of_secrets_for_its_owner_alone(deployment: Path, file: str) -> None:
    text = (deployment / file).read_text()

    assert "install -m 600 .env.production.example .env.production" in text
    assert not re.search(r"\bcp .*\.env\.production", text)


def test_wait_for_steps_longer_than_the_app_does(deployment: Path) -> None:
    grace = re.search(
        r'"--timeout-graceful-shutdown", "(\d+)"', (deployment / "Dockerfile").read_text()
    )
    assert grace

    pod = resources(deployment)["Deployment"]["spec"]["template"]["spec"]
    assert int(
        load(deployment / "compose.yaml")["services"]["app"]["stop_grace_period"].rstrip("s")
    ) > int(grace[1])
    assert pod["terminationGracePeriodSeconds"] > int(grace[1]) + 5


def test_run_as_the_user_of_the_image(deployment: Path) -> None:
    user = re.search(r"^USER (\d+)$", (deployment / "Dockerfile").read_text(), re.MULTILINE)
    assert user

    for kind in ("Deployment", "Job"):
        pod = resources(deployment)[kind]["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsUser"] == int(user[1])
        assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_give_app_a_temporary_folder_beside_its_read_only_files(deployment: Path) -> None:
    pod = resources(deployment)["Deployment"]["spec"]["template"]["spec"]
    (run,) = re.findall(
        r"^docker run --detach .+$", (deployment / "deploy/README.md").read_text(), re.MULTILINE
    )

    assert load(deployment / "compose.yaml")["services"]["app"]["tmpfs"] == ["/tmp"]
    assert pod["containers"][0]["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert pod["volumes"] == [{"name": "tmp", "emptyDir": {}}]
    assert "--read-only --tmpfs /tmp" in run


def test_select_pods_by_labels_that_they_have(deployment: Path) -> None:
    """The sync's pod, too, has the app's image: neither the service nor the budget may count it."""
    found = resources(deployment)
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]

    assert labels == {"app.kubernetes.io/component": "app"}
    assert found["Service"]["spec"]["selector"] == labels
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert found[kind]["spec"]["selector"]["matchLabels"] == labels
    assert found["Job"]["spec"]["template"]["metadata"]["labels"] != labels


def test_refer_to_nothing_that_is_not_there(deployment: Path) -> None:
    folder = deployment / "deploy/kubernetes"
    kustomization = load(folder / "kustomization.yaml")
    others = {"kustomization.yaml", "inngest-values.yaml", "inngest-pdb.yaml", ".checkov.yaml"}

    assert {file.name for file in folder.iterdir()} - others == set(kustomization["resources"])
    for kind in ("Deployment", "Job"):
        (container,) = resources(deployment)[kind]["spec"]["template"]["spec"]["containers"]
        assert container["image"] == kustomization["images"][0]["name"]
        assert container["envFrom"] == [
            {"configMapRef": {"name": kustomization["configMapGenerator"][0]["name"]}},
            {"secretRef": {"name": "inngest-keys"}},
        ]


# A kubectl that keeps the calls, and answers for the secret's old key.
KUBECTL = """
kubectl() {
  [ "$1" = get ] && echo b2xk || printf '%s\\n' "$*" >> calls
  case "$*" in $FAILS) return 1;; esac
}
openssl() { echo new; }
"""


@posix_only
@pytest.mark.parametrize(
    ("fails", "calls"), [("nothing", 9), ("rollout status deployment/app*", 3)]
)
def test_rotate_keys_on_kubernetes_as_written(
    deployment: Path, run: Run, tmp_path: Path, fails: str, calls: int
) -> None:
    text = (deployment / "deploy/README.md").read_text().partition("## Rotate keys")[2]
    commands = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)[0]

    run("bash", "-c", KUBECTL + commands, cwd=tmp_path, env={"FAILS": fails}, check=False)

    app, server = "--namespace my-app", "--namespace inngest"
    patch = "patch secret inngest-keys"
    assert (tmp_path / "calls").read_text().splitlines() == [
        f"{patch} {app} --patch stringData: "
        "{INNGEST_SIGNING_KEY: 'new', INNGEST_SIGNING_KEY_FALLBACK: 'old'}",
        f"rollout restart deployment/app {app}",
        f"rollout status deployment/app {app} --timeout 5m",
        f"{patch} {server} --patch stringData: {{INNGEST_SIGNING_KEY: 'new'}}",
        f"rollout restart deployment/inngest {server}",
        f"rollout status deployment/inngest {server} --timeout 5m",
        f"{patch} {app} --patch data: {{INNGEST_SIGNING_KEY_FALLBACK: null}}",
        f"rollout restart deployment/app {app}",
        f"rollout status deployment/app {app} --timeout 5m",
    ][:calls]


def test_end_sync_before_kubectl_gives_up_waiting(deployment: Path) -> None:
    """A job that succeeds after `kubectl wait` has failed is a deploy that nobody believes."""
    page = (deployment / "deploy/README.md").read_text()
    (minutes,) = re.findall(r"kubectl wait job/sync .* --timeout (\d+)m", page)
    job = resources(deployment)["Job"]["spec"]
    pod = job["template"]["spec"]
    command = pod["containers"][0]["command"]
    attempt = int(command[command.index("--wait") + 1])

    end = job["activeDeadlineSeconds"] + pod["terminationGracePeriodSeconds"]
    assert (job["backoffLimit"] + 1) * attempt < job["activeDeadlineSeconds"]
    assert end < int(minutes) * 60


def test_add_replicas_by_the_core_that_one_can_use_not_by_what_it_requests(
    deployment: Path,
) -> None:
    """70 % of a request of 100m is reached by an app that does next to nothing."""
    (metric,) = resources(deployment)["HorizontalPodAutoscaler"]["spec"]["metrics"]
    target = metric["resource"]["target"]

    assert target["type"] == "AverageValue"
    assert 500 <= int(target["averageValue"].removesuffix("m")) < 1000


def test_let_inngest_out_to_the_databases_and_the_app(deployment: Path) -> None:
    (rule,) = load(deployment / "deploy/kubernetes/inngest-values.yaml")["networkPolicy"]["egress"]
    ports = {(port["port"], port.get("protocol", "TCP")) for port in rule["ports"]}

    app = resources(deployment)["Service"]["spec"]["ports"][0]["port"]
    databases = {5432, 6432, 6543} | {6379, 6380}  # PostgreSQL and poolers, Redis and with TLS
    assert ports == {(port, "TCP") for port in {app, 53} | databases} | {(53, "UDP")}


def test_let_app_and_prometheus_in_to_inngest_and_nobody_else(deployment: Path) -> None:
    """Its dashboard and its API know no password."""
    (rule,) = load(deployment / "deploy/kubernetes/inngest-values.yaml")["networkPolicy"]["ingress"]
    app = load(deployment / "deploy/kubernetes/kustomization.yaml")["namespace"]
    name = "kubernetes.io/metadata.name"

    assert rule["ports"] == [{"port": 8288}]
    assert rule["from"] == [
        {"namespaceSelector": {"matchLabels": {name: namespace}}}
        for namespace in (app, "monitoring")
    ]


def test_keep_one_inngest_server_up_whatever_happens_to_a_node(deployment: Path) -> None:
    folder = deployment / "deploy/kubernetes"
    values, budget = load(folder / "inngest-values.yaml"), load(folder / "inngest-pdb.yaml")
    (spread,) = values["affinity"]["podAntiAffinity"][
        "preferredDuringSchedulingIgnoredDuringExecution"
    ]

    server = {"matchLabels": {"app.kubernetes.io/name": "inngest"}}  # as the chart labels it
    assert budget["metadata"]["namespace"] == values["namespace"]["name"]
    assert budget["spec"] == {"maxUnavailable": 1, "selector": server}
    assert spread["podAffinityTerm"] == {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": server,
    }
    assert values["replicaCount"] >= 2
    assert "inngest-pdb.yaml" in (deployment / "deploy/README.md").read_text()


def test_undo_traps_of_the_helm_chart(deployment: Path) -> None:
    values = load(deployment / "deploy/kubernetes/inngest-values.yaml")
    variables = {each["name"]: each.get("value") for each in values["inngest"]["extraEnv"]}
    secret = {each["name"] for each in values["inngest"]["extraEnv"] if "valueFrom" in each}

    assert values["inngest"]["retryInterval"] == 0
    assert values["postgresql"]["enabled"] is values["redis"]["enabled"] is False
    assert secret == KEYS | {"INNGEST_POSTGRES_URI", "INNGEST_REDIS_URI"}
    assert variables["LOG_LEVEL"] == "warn"


@pytest.mark.parametrize("app_id", ["a" * 64, "a" * 62 + "-a", "inngest"])
def test_name_kubernetes_resources_as_it_allows(
    copy: Callable[..., Path], tmp_path: Path, app_id: str
) -> None:
    project = copy(tmp_path / "my-app", f"app_id={app_id}", "deploy=[kubernetes]")

    namespace = load(project / "deploy/kubernetes/namespace.yaml")["metadata"]["name"]
    assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", namespace)
    assert namespace != "inngest", "that is the server's"
    assert load(project / "deploy/kubernetes/kustomization.yaml")["namespace"] == namespace


@pytest.mark.parametrize("app_id", ["true", "null", "yes", "off"])
def test_write_app_id_that_yaml_takes_for_no_text(
    copy: Callable[..., Path], run: Run, tmp_path: Path, app_id: str
) -> None:
    project = copy(tmp_path / "my-app", f"app_id={app_id}", "deploy=[compose, kubernetes]")

    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml", cwd=project)
    for resource in all_resources(project):
        kubernetes_validate.validate(resource, "1.37", strict=True)
    compose = load(project / "compose.yaml")
    app = compose["services"]["app"]
    assert compose["name"] == app["image"] == app["environment"]["OTEL_SERVICE_NAME"] == app_id
    assert load(project / "deploy/kubernetes/kustomization.yaml")["namespace"] == app_id
    (rule,) = load(project / "deploy/kubernetes/inngest-values.yaml")["networkPolicy"]["ingress"]
    assert set(rule["from"][0]["namespaceSelector"]["matchLabels"].values()) == {app_id}
    assert load(project / ".copier-answers.yml")["app_id"] == app_id


def test_keep_secrets_out_of_answers(deployment: Path) -> None:
    assert set(load(deployment / ".copier-answers.yml")) & {name.lower() for name in KEYS} == set()
