"""The real program with what the chart renders: every variable and file is accepted, and the pods find each other."""

import secrets

import pytest
from chart import VALUE_SETS, Rendered, template
from pods import Api, Pods, wait_for

PRIMARY = "aster-drive-primary-0"
FOLLOWERS = [f"aster-drive-follower-{replica}" for replica in range(3)]

# Secrets and ConfigMaps that the values name and somebody else has made.
FOREIGN = {
    "existing-secrets": {
        "vault-keys": {"jwt-secret": "j" * 32, "storage-credential-secret-key": "0" * 64},
        "vault-tokens": {"aster-drive-follower-0": "enr_" + "0" * 32},
        "vault-admin": {"initial-password": "correct horse"},
    },
    "s3-target": {"bucket-keys": {"id": "GK0", "key": "secret"}, "s3-ca": {"ca.pem": ""}},
    "database-secret": {"drive-database": {"uri": "sqlite://accounts.db?mode=rwc"}},
    # Only how the URL arrives is shown here; tests/it/two_primaries.rs has the server.
    "two-primaries": {"drive-database": {"uri": "sqlite://accounts.db?mode=rwc"}},
    "everything": {"cellar": {"token": "enr_" + "1" * 32}, "ca": {"ca.pem": ""}},
}


@pytest.fixture
def pods(tmp_path):
    pods = Pods(tmp_path)
    yield pods
    pods.close()


def add_foreign(rendered, made):
    for name, data in made.items():
        rendered.objects.append({"kind": "Secret", "metadata": {"name": name}, "stringData": data})
        rendered.objects.append({"kind": "ConfigMap", "metadata": {"name": name}, "data": data})


@pytest.mark.parametrize("values", VALUE_SETS, ids=lambda path: path.name.removesuffix("-values.yaml"))
def test_the_program_accepts_every_variable_and_file(pods, values):
    """A primary becomes ready; followers, which would wait for theirs, say what they would start with."""
    rendered = template(values=values)
    add_foreign(rendered, FOREIGN.get(values.name.removesuffix("-values.yaml"), {}))
    for name, item in rendered.of_kind("StatefulSet").items():
        pod = f"{name}-0"
        if name.endswith("-primary"):
            pods.start(rendered, pod)
            pods.ready(pod)
            assert pods.stop(pod) == 0
        elif item["spec"]["replicas"]:
            done = pods.run(rendered, pod, "config", "print")
            assert done.returncode == 0, f"{pod}:\n{done.stderr}"


def test_an_install_becomes_a_drive_and_an_upgrade_a_larger_one(cluster, pods):
    def installed(*arguments):
        cluster.install(*arguments)
        rendered = Rendered("")
        rendered.objects = list(cluster.fake.objects.values())
        return rendered

    def satisfied():
        return api.get("/admin/bootstrap")["satisfied"]

    def enrolled():
        nodes = api.get("/admin/remote-nodes")["items"]
        return {node["name"]: node["enrollment_status"] for node in nodes}

    for pod in (PRIMARY, *FOLLOWERS):
        pods.address(pod)  # as DNS will have them, whoever starts first
    rendered = installed("--set", "followers.follower.replicas=2")
    for pod in (*FOLLOWERS[:2], PRIMARY):
        pods.start(rendered, pod)
    for pod in (PRIMARY, *FOLLOWERS[:2]):
        pods.ready(pod)
    api = Api(pods.url(PRIMARY), "admin", rendered.secret("aster-drive-admin")["password"])
    wait_for("the declared bootstrap", satisfied)
    assert enrolled() == dict.fromkeys(FOLLOWERS[:2], "completed")

    content = secrets.token_bytes(100_000)
    file = api.upload("first.bin", content)
    stored = [path for path in (pods.root(FOLLOWERS[0]) / "data").rglob("*") if path.is_file()]
    assert [path for path in stored if path.stat().st_size == len(content) and path.read_bytes() == content]

    assert [pods.stop(pod) for pod in (PRIMARY, *FOLLOWERS[:2])] == [0, 0, 0]
    rendered = installed("--set", "followers.follower.replicas=3")
    for pod in (PRIMARY, *FOLLOWERS):
        pods.start(rendered, pod)
    for pod in (PRIMARY, *FOLLOWERS):
        pods.ready(pod)
    api = Api(pods.url(PRIMARY), "admin", rendered.secret("aster-drive-admin")["password"])
    wait_for("the declared bootstrap", satisfied)
    assert enrolled() == dict.fromkeys(FOLLOWERS, "completed")
    assert api.download(file["id"]) == content
