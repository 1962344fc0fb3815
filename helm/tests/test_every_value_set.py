"""What has to be true whatever the values are."""

import re

import kubernetes_validate
import pytest
from chart import CHART, NAMESPACE, RELEASE, ROOT, VALUE_SETS, helm, template

# The oldest that Chart.yaml admits, and the newest whose schemas there are.
OLDEST, NEWEST = "1.25.0", kubernetes_validate.latest_version()

every_value_set = pytest.mark.parametrize("values", VALUE_SETS, ids=lambda path: path.name.removesuffix("-values.yaml"))

# Where each kind says which pods it is about.
SELECTORS = {
    "StatefulSet": lambda spec: spec["selector"]["matchLabels"],
    "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
    "NetworkPolicy": lambda spec: spec["podSelector"]["matchLabels"],
    "Service": lambda spec: spec["selector"],
}


def test_the_oldest_kubernetes_here_is_the_one_the_chart_admits():
    assert f'kubeVersion: ">={OLDEST}-0"' in (CHART / "Chart.yaml").read_text()


def test_there_are_at_least_eight_value_sets():
    assert len(VALUE_SETS) >= 8


@every_value_set
def test_lint_has_nothing_to_say(values):
    assert "0 chart(s) failed" in helm("lint", "--strict", CHART, "--values", values)


@every_value_set
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_manifest_is_valid(values, version):
    rendered = template(values=values, kube_version=version)
    assert len(rendered.objects) >= 5
    for manifest in rendered.objects:
        # Strict: a member the schema does not know is a mistake, and Kubernetes would drop it silently.
        validated = kubernetes_validate.validate(manifest, version, strict=True)
        assert version.startswith(validated)


@every_value_set
def test_no_name_is_given_twice_and_everything_is_in_the_namespace(values):
    rendered = template(values=values)
    names = rendered.names()
    assert len(names) == len(set(names))
    for manifest in rendered.objects:
        assert manifest["metadata"]["namespace"] == NAMESPACE
        assert manifest["metadata"]["labels"]["app.kubernetes.io/instance"] == RELEASE


@every_value_set
def test_selectors_find_the_pods_of_their_own_component_only(values):
    rendered = template(values=values)
    pods = {
        name: item["spec"]["template"]["metadata"]["labels"]
        for name, item in rendered.of_kind("StatefulSet").items()
    }
    selectors = [
        (kind, name, where(item["spec"]))
        for kind, where in SELECTORS.items()
        for name, item in rendered.of_kind(kind).items()
    ]
    assert len(selectors) > len(pods) >= 1
    for kind, name, selector in selectors:
        # One pod of a StatefulSet, where it is asked for, is still of that StatefulSet.
        wanted = {key: value for key, value in selector.items() if key != "statefulset.kubernetes.io/pod-name"}
        found = [pod for pod, labels in pods.items() if wanted.items() <= labels.items()]
        assert len(found) == 1 and name.startswith(found[0]), f"{kind} {name} selects {found}"


@every_value_set
def test_pods_run_without_any_privilege(values):
    rendered = template(values=values)
    for name in rendered.of_kind("StatefulSet"):
        pod, container = rendered.pod(name), rendered.container(name)
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]


@every_value_set
def test_every_mount_has_its_volume_and_every_volume_a_mount(values):
    rendered = template(values=values)
    for name, item in rendered.of_kind("StatefulSet").items():
        volumes = [volume["name"] for volume in rendered.pod(name)["volumes"]]
        volumes += [claim["metadata"]["name"] for claim in item["spec"].get("volumeClaimTemplates", [])]
        mounts = [mount["name"] for mount in rendered.container(name)["volumeMounts"]]
        assert sorted(volumes) == sorted(mounts) and len(set(mounts)) == len(mounts)


@every_value_set
def test_every_own_secret_that_a_pod_reads_is_made(values):
    rendered = template(values=values)
    secrets = rendered.of_kind("Secret")
    for name in rendered.of_kind("StatefulSet"):
        for volume in rendered.pod(name)["volumes"]:
            secret = volume.get("secret", {}).get("secretName", "")
            if not secret.startswith(("aster-drive-", "files-")):
                continue
            assert secret in secrets
            for item in volume["secret"].get("items", []):
                assert item["key"] in secrets[secret]["data"]


@every_value_set
def test_the_pod_outlives_the_grace_it_gives_to_requests(values):
    rendered = template(values=values)
    for name in rendered.of_kind("StatefulSet"):
        grace = int(rendered.env(name)["ASTER__SERVER__SHUTDOWN_GRACE_SECS"])
        assert rendered.pod(name)["terminationGracePeriodSeconds"] > grace


@every_value_set
def test_every_declared_follower_finds_its_token_and_its_name(values):
    rendered = template(values=values)
    nodes = {node["name"]: node for node in rendered.bootstrap().get("nodes", []) if node["name"] != "cellar"}
    pods = []
    for name, item in rendered.of_kind("StatefulSet").items():
        if name.endswith("-primary"):
            continue
        pods += [f"{name}-{replica}" for replica in range(item["spec"]["replicas"])]
        (mount,) = [mount for mount in rendered.container(name)["volumeMounts"] if mount["name"] == "enrollment"]
        assert mount["subPathExpr"] == "$(POD_NAME)", "a follower must not see the tokens of others"
        assert rendered.env(name)["ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN_FILE"] == mount["mountPath"]
        assert rendered.get("Service", item["spec"]["serviceName"])["spec"]["publishNotReadyAddresses"] is True
    assert sorted(nodes) == sorted(pods)
    for pod, node in nodes.items():
        assert node["token_file"] == f"/run/secrets/enrollment/{pod}"
    own = [secret for name, secret in rendered.of_kind("Secret").items() if name.endswith("-enrollment")]
    for secret in own:
        assert sorted(secret.get("data") or {}) == sorted(pods)


@every_value_set
def test_every_setting_in_the_environment_is_one_the_program_has(values):
    known = set(re.findall(r"`(ASTER_[A-Z0-9_]+)`", (ROOT / "docs/configuration.md").read_text()))
    rendered = template(values=values)
    for name in rendered.of_kind("StatefulSet"):
        settings = {variable for variable in rendered.env(name) if variable.startswith("ASTER__")}
        assert settings and settings <= known, settings - known
