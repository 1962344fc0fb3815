import json

import pytest
from chart import CHART, NAMESPACE, RELEASE, Rendered, helm
from fake_kubernetes import FakeKubernetes


class Cluster:
    """helm, with a fake Kubernetes behind it."""

    def __init__(self, fake, kubeconfig, home):
        self.fake = fake
        self._env = {"KUBECONFIG": str(kubeconfig), "HOME": str(home)}

    def helm(self, *arguments):
        return helm(*arguments, env=self._env)

    def install(self, *arguments, release=RELEASE):
        return self.helm("upgrade", "--install", release, CHART, "--namespace", NAMESPACE, *arguments)

    def secrets(self):
        """Secrets with decoded values, those of helm's own book-keeping excepted."""
        everything = Rendered("")
        everything.objects = [item for item in self.fake.objects.values() if item.get("type") != "helm.sh/release.v1"]
        return {name: everything.secret(name) for name in everything.of_kind("Secret")}

    def get(self, kind, name):
        return self.fake.objects[NAMESPACE, kind, name]


@pytest.fixture
def cluster(tmp_path):
    fake = FakeKubernetes()
    kubeconfig = tmp_path / "kubeconfig"
    named = {"name": "fake"}
    context = {"cluster": "fake", "user": "fake", "namespace": NAMESPACE}
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{**named, "cluster": {"server": fake.url}}],
                "users": [{**named, "user": {}}],
                "contexts": [{**named, "context": context}],
                "current-context": "fake",
            }
        )
    )
    kubeconfig.chmod(0o600)
    yield Cluster(fake, kubeconfig, tmp_path)
    fake.close()
