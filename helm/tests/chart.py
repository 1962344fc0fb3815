"""The chart as its tests see it: run helm, read what it renders."""

import base64
import subprocess
import tempfile
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/aster-drive"
HELM = ROOT / ".tools/chart/node_modules/.bin/helm"
VALUE_SETS = sorted((CHART / "ci").glob("*-values.yaml"))

RELEASE = "aster-drive"
NAMESPACE = "files"


class HelmError(Exception):
    """What helm wrote when it refused."""


def helm(*arguments, env=None):
    """Runs helm and returns its standard output. A child of ours reads no configuration of the person's."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **(env or {})}
    command = [HELM, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise HelmError(done.stderr)
    return done.stdout


class Rendered:
    """All objects of one rendering, by kind and name."""

    def __init__(self, text):
        self.objects = [item for item in yaml.safe_load_all(text) if item]

    def of_kind(self, kind):
        return {item["metadata"]["name"]: item for item in self.objects if item["kind"] == kind}

    def get(self, kind, name):
        found = self.of_kind(kind)
        assert name in found, f"no {kind} {name}; there are {sorted(found)}"
        return found[name]

    def names(self):
        return sorted((item["kind"], item["metadata"]["name"]) for item in self.objects)

    def bootstrap_text(self):
        (config_map,) = self.of_kind("ConfigMap").values()
        return config_map["data"]["bootstrap.toml"]

    def bootstrap(self):
        return tomllib.loads(self.bootstrap_text())

    def secret(self, name):
        secret = self.get("Secret", name)
        data = {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}
        return {**data, **secret.get("stringData", {})}

    def pod(self, name):
        return self.get("StatefulSet", name)["spec"]["template"]["spec"]

    def container(self, name):
        (container,) = self.pod(name)["containers"]
        return container

    def env(self, name):
        variables = {item["name"]: item for item in self.container(name)["env"]}
        assert len(variables) == len(self.container(name)["env"]), "a variable is there twice"
        return {key: item.get("value", item.get("valueFrom")) for key, item in variables.items()}


def template(*arguments, release=RELEASE, namespace=NAMESPACE, values=None, kube_version="1.37.0"):
    """Renders the chart. `values` is a mapping or the path of a file."""
    command = ["template", release, CHART, "--namespace", namespace, "--kube-version", kube_version, *arguments]
    if isinstance(values, Path):
        return Rendered(helm(*command, "--values", values))
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values or {}, file)
        file.flush()
        return Rendered(helm(*command, "--values", file.name))
