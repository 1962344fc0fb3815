"""The pages: what is generated is current, and the commands in them do what they say."""

import re
import shlex
import subprocess
import sys

import pytest
import yaml
from chart import CHART, HELM, ROOT, HelmError, Rendered, helm

RENDER = ROOT / "scripts/render-kubernetes"


def commands(page):
    """The lines of all `sh` blocks, continued ones joined."""
    for block in re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line.split(" | ")[0].removesuffix(" &"))


def render(*arguments):
    environment = {"PATH": f"{HELM.parent}:/usr/bin:/bin", "HOME": "/nonexistent"}
    done = subprocess.run([RENDER, *arguments], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return Rendered(done.stdout)


def test_the_readme_lists_the_values_as_they_are():
    subprocess.run([sys.executable, ROOT / "helm/values_reference.py", "--check"], check=True)


def test_every_value_without_a_comment_is_noticed(tmp_path):
    sys.path.insert(0, str(ROOT / "helm"))
    from values_reference import Undescribed, table

    text = (CHART / "values.yaml").read_text()
    table(text)
    with pytest.raises(Undescribed, match="primary.startupSeconds"):
        table(re.sub(r"\n  # [^\n]*(?=\n  startupSeconds:)", "", text))


def test_the_install_in_the_readme_gives_what_its_other_lines_ask_for(cluster):
    lines = list(commands(ROOT / "README.md"))
    (install,) = [line for line in lines if line[:2] == ["helm", "install"]]
    cluster.helm(*[str(CHART) if part == "helm/aster-drive" else part for part in install[1:]])
    namespace = install[install.index("--namespace") + 1]
    asked = [line for line in lines if line[0] == "kubectl"]
    assert len(asked) == 2
    for line in asked:
        assert line[1:3] == ["--namespace", namespace]
        kind, name = line[4].split("/") if "/" in line[4] else line[4:6]
        found = cluster.fake.objects[namespace, kind.capitalize(), name]
        if kind == "secret":
            (key,) = re.findall(r"{\.data\.(.*)}", line[-1])
            assert found["data"][key]
        else:
            assert str(found["spec"]["ports"][0]["port"]) == line[-1].split(":")[1]
    image = next(part for part in install if part.startswith("image.repository=")).split("=")[1]
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    assert ["docker", "push", f"{image}:{version}"] in lines


def test_the_notes_name_what_was_made(cluster):
    notes = cluster.install("--set", "followers.follower.replicas=2").split("NOTES:")[1]
    assert "a primary and 2 followers" in notes
    for name in re.findall(r"get secret (\S+) --output jsonpath='{\.data\.password}'", notes):
        assert cluster.get("Secret", name)["data"]["password"]
    (port,) = re.findall(r"port-forward service/aster-drive-primary 3000:(\d+)", notes)
    assert int(port) == cluster.get("Service", "aster-drive-primary")["spec"]["ports"][0]["port"]
    assert "https://drive.example.org" in cluster.install("--values", str(CHART / "ci/ingress-tls-values.yaml"))


def test_a_plain_rendering_has_no_secret_and_is_the_same_each_time():
    first, second = render("--namespace", "drive"), render("--namespace", "drive")
    assert first.objects == second.objects
    assert list(first.of_kind("Secret")) == []
    assert {item["metadata"]["namespace"] for item in first.objects} == {"drive"}


def test_the_rendered_secrets_are_those_the_rest_asks_for():
    options = ["--release", "files", "--namespace", "drive", "--set", "followers.follower.replicas=2"]
    secrets, rest = render("--secrets", *options), render(*options)
    assert {item["kind"] for item in secrets.objects} == {"Secret"}
    wanted = {
        volume["secret"]["secretName"]
        for name in rest.of_kind("StatefulSet")
        for volume in rest.pod(name)["volumes"]
        if "secret" in volume
    }
    assert wanted == set(secrets.of_kind("Secret"))
    tokens = secrets.secret("files-aster-drive-enrollment")
    assert sorted(tokens) == sorted(node["name"] for node in rest.bootstrap()["nodes"])


def test_the_commands_of_the_page_on_kubernetes_render():
    lines = [line for line in commands(ROOT / "docs/kubernetes.md") if line[0] == "scripts/render-kubernetes"]
    assert len(lines) == 2
    for line in lines:
        arguments = line[1 : line.index(">")]
        assert render(*arguments).objects


def test_a_rendering_with_a_mistake_says_what_is_wrong():
    with pytest.raises(AssertionError, match="Additional property nope is not allowed"):
        render("--set", "nope=1")
    with pytest.raises(AssertionError, match="--release needs a name"):
        render("--release")
    with pytest.raises(HelmError, match="nope"):
        helm("template", "x", CHART, "--set", "nope=1")
