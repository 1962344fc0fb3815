"""What is kept from one version of a release to the next. helm runs for real, against a fake Kubernetes."""

import base64
import re

import pytest
from chart import NAMESPACE, RELEASE, HelmError

TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")


def test_an_install_makes_secrets_the_program_accepts(cluster):
    cluster.install("--set", "followers.follower.replicas=2")
    secrets = cluster.secrets()
    assert sorted(secrets) == ["aster-drive-admin", "aster-drive-enrollment", "aster-drive-keys"]
    assert 8 <= len(secrets["aster-drive-admin"]["password"]) <= 128
    assert len(secrets["aster-drive-keys"]["jwt-secret"]) >= 32
    assert re.fullmatch("[0-9a-f]{64}", secrets["aster-drive-keys"]["storage-credential-secret-key"])
    tokens = secrets["aster-drive-enrollment"]
    assert sorted(tokens) == ["aster-drive-follower-0", "aster-drive-follower-1"]
    assert all(TOKEN.fullmatch(token) for token in tokens.values()) and len(set(tokens.values())) == 2


def test_two_installs_share_no_secret(cluster):
    cluster.install(release="one")
    cluster.install(release="two")
    values = [value for secret in cluster.secrets().values() for value in secret.values()]
    assert len(values) == 8 and len(set(values)) == 8


def test_an_upgrade_changes_no_secret(cluster):
    cluster.install()
    before = cluster.secrets()
    cluster.install("--set", "primary.settings.logging.level=debug")
    assert cluster.secrets() == before


def test_more_replicas_and_groups_add_tokens_and_change_none(cluster):
    cluster.install("--set", "followers.follower.replicas=1")
    before = cluster.secrets()
    cluster.install("--set", "followers.follower.replicas=3", "--set", "followers.large.replicas=1")
    after = cluster.secrets()
    assert sorted(after["aster-drive-enrollment"]) == [
        "aster-drive-follower-0",
        "aster-drive-follower-1",
        "aster-drive-follower-2",
        "aster-drive-large-0",
    ]
    assert before["aster-drive-enrollment"].items() < after["aster-drive-enrollment"].items()
    del before["aster-drive-enrollment"], after["aster-drive-enrollment"]
    assert after == before


def test_a_declaration_that_changed_starts_the_primary_anew_and_one_that_did_not_does_not(cluster):
    def checksum():
        primary = cluster.get("StatefulSet", "aster-drive-primary")
        return primary["spec"]["template"]["metadata"]["annotations"]["checksum/bootstrap"]

    cluster.install()
    first = checksum()
    cluster.install("--set", "followers.follower.resources.limits.memory=1Gi")
    assert checksum() == first
    cluster.install("--set", "followers.follower.replicas=2")
    assert checksum() != first


def test_fewer_replicas_keep_the_tokens_for_the_way_back(cluster):
    cluster.install("--set", "followers.follower.replicas=2")
    before = cluster.secrets()
    cluster.install("--set", "followers.follower.replicas=0")
    assert cluster.secrets() == before
    cluster.install("--set", "followers.follower.replicas=2")
    assert cluster.secrets() == before


def test_a_token_replaced_by_hand_stays(cluster):
    """The documented way to enroll a follower again whose volume is lost."""
    cluster.install()
    secret = cluster.get("Secret", "aster-drive-enrollment")
    fresh = "enr_" + "0" * 32
    secret["data"]["aster-drive-follower-0"] = base64.b64encode(fresh.encode()).decode()
    cluster.install("--set", "followers.follower.replicas=2")
    assert cluster.secrets()["aster-drive-enrollment"]["aster-drive-follower-0"] == fresh


def test_secrets_and_the_volume_outlive_the_release_and_are_found_again(cluster):
    cluster.install()
    before = cluster.secrets()
    cluster.helm("uninstall", RELEASE, "--namespace", NAMESPACE)
    assert cluster.secrets() == before
    assert {kind for _, kind, _ in cluster.fake.objects} == {"Secret", "PersistentVolumeClaim"}
    cluster.install()
    assert cluster.secrets() == before


def test_a_rollback_keeps_what_both_versions_have(cluster):
    cluster.install()
    before = cluster.secrets()
    cluster.install("--set", "image.tag=broken")
    cluster.helm("rollback", RELEASE, "1", "--namespace", NAMESPACE)
    assert cluster.secrets() == before


def test_a_password_of_ones_own_is_taken_and_then_stays(cluster):
    cluster.install("--set", "admin.password=correct horse")
    assert cluster.secrets()["aster-drive-admin"]["password"] == "correct horse"
    cluster.install("--set", "admin.password=")
    assert cluster.secrets()["aster-drive-admin"]["password"] == "correct horse"


def test_a_secret_of_somebody_else_is_not_taken_over(cluster):
    foreign = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "aster-drive-keys"}, "data": {}}
    code, _ = cluster.fake.handle("POST", f"/api/v1/namespaces/{NAMESPACE}/secrets", foreign)
    assert code == 201
    with pytest.raises(HelmError, match="aster-drive-keys"):
        cluster.install()
