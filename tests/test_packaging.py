"""The container image and the Kubernetes manifests say what the server and Kubernetes read."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from zoneserver.cli import main
from zoneserver.service.configuration.read import Source, list_unknown, read_configuration

CHECKOUT = Path(__file__).parents[1]
KUBERNETES = CHECKOUT / "packaging/kubernetes"
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
# What could be installed to judge manifests by the schemas of Kubernetes.
JUDGES = {
    "kubeconform": ("-strict", "-summary"),
    "kubernetes-validate": ("--strict", "--quiet"),
}

Document = dict[str, Any]


def _documents() -> Iterator[Document]:
    for path in sorted(KUBERNETES.glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text())


def _of_kind(kind: str) -> list[Document]:
    return [document for document in _documents() if document["kind"] == kind]


def _pod() -> Document:
    (workload,) = _of_kind("StatefulSet")
    pod: Document = workload["spec"]["template"]["spec"]
    return pod


def _image_environment() -> dict[str, str]:
    words = " ".join(re.findall("^ENV (.*)", DOCKERFILE, re.MULTILINE))
    return dict(each.split("=", 1) for each in shlex.split(words))


def test_image_is_run_without_privileges() -> None:
    """By a user who is a number, on a port that takes no capability, with a health check."""
    environment = _image_environment()
    settings = read_configuration(Source(None, environment))

    assert re.search(r"^USER 65532:65532$", DOCKERFILE, re.MULTILINE)
    assert "HEALTHCHECK " in DOCKERFILE
    assert list_unknown(environment) == []
    assert [str(each) for each in settings.listen] == ["0.0.0.0:5353"]
    assert (str(settings.zones), str(settings.state)) == ("/zones", "/var/lib/zoneserver")


def test_pods_are_as_restricted_as_can_be() -> None:
    """What `restricted` of the Pod Security Standards wants, and a read-only root."""
    pod, (container,) = _pod(), _pod()["containers"]

    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False


def test_pods_listen_where_probes_and_services_ask() -> None:
    """Ports are named once, and what the variables say is what the server reads."""
    (container,) = _pod()["containers"]
    named = {port["name"]: port["containerPort"] for port in container["ports"]}
    told = {each["name"]: each.get("value", "x") for each in container["env"]}
    settings = read_configuration(Source(None, {**_image_environment(), **told}))
    wanted = {
        port["targetPort"]
        for service in _of_kind("Service")
        for port in service["spec"]["ports"]
    }

    assert list_unknown(told) == []
    assert wanted == set(named)
    assert {endpoint.port for endpoint in settings.listen} == {
        named["dns-udp"],
        named["dns-tcp"],
    }
    assert [endpoint.port for endpoint in settings.http] == [named["http"]]
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


def test_zones_are_mounted_so_that_edits_arrive() -> None:
    """The folder as a whole, from a ConfigMap whose name stays the same."""
    (kustomization,) = _of_kind("Kustomization")
    (container,) = _pod()["containers"]
    (generated,) = kustomization["configMapGenerator"]
    mounted = {each["name"]: each for each in container["volumeMounts"]}["zones"]
    (volume,) = (each for each in _pod()["volumes"] if each["name"] == "zones")

    assert mounted == {"name": "zones", "mountPath": "/zones", "readOnly": True}
    assert volume["configMap"]["name"] == generated["name"]
    assert kustomization["generatorOptions"] == {"disableNameSuffixHash": True}
    assert all((KUBERNETES / name).is_file() for name in generated["files"])
    assert set(kustomization["resources"]) == {
        path.name for path in KUBERNETES.glob("*.yaml") if path.stem != "kustomization"
    }


def test_zones_of_the_manifests_load() -> None:
    """An example that would be refused is none."""
    result = CliRunner().invoke(main, ["check", "--strict", str(KUBERNETES / "zones")])

    assert result.exit_code == 0, result.output


def test_manifests_by_kubernetes_own_schemas(tmp_path: Path) -> None:
    """As kubectl puts them together, and as one of the judges has them."""
    judge = next((name for name in JUDGES if shutil.which(name)), None)
    if judge is None or shutil.which("kubectl") is None:
        pytest.skip(f"not installed: kubectl, or one of {', '.join(JUDGES)}")
    words = ["kubectl", "kustomize", str(KUBERNETES)]
    made = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    (tmp_path / "all.yaml").write_text(made.stdout)
    words = [judge, *JUDGES[judge], str(tmp_path / "all.yaml")]
    judged = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)

    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_what_the_page_on_deploying_says(tmp_path: Path) -> None:
    """Its zone and its configuration, copied as they stand, are taken without a word."""
    page = (CHECKOUT / "docs/deploy.md").read_text()
    zone, configuration, *_ = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones/example.com.yaml").write_text(zone)
    (tmp_path / "zoneserver.yaml").write_text(configuration)
    words = ["--config", str(tmp_path / "zoneserver.yaml")]
    checked = CliRunner().invoke(main, ["check", "--strict", str(tmp_path / "zones")])
    read = CliRunner().invoke(main, ["check-config", *words])
    told = CliRunner().invoke(main, ["explain", "postmaster@example.com", *words])

    assert (checked.exit_code, read.exit_code, told.exit_code) == (0, 0, 0), (
        checked.output + read.output + told.output
    )
    assert "mail.example.com." in told.output
