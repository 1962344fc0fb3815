"""Renderings where a value decides something: what has to be there, and what must be refused."""

import json

import jsonschema
import pytest
import yaml
from chart import CHART, NAMESPACE, ROOT, VALUE_SETS, HelmError, template


def values_of(name):
    return CHART / "ci" / f"{name}-values.yaml"


def refused(values, *because):
    with pytest.raises(HelmError) as error:
        template(values=values)
    for text in because:
        assert text in str(error.value)


def test_the_chart_has_the_version_of_the_program():
    cargo = (ROOT / "Cargo.toml").read_text()
    version = next(line.split('"')[1] for line in cargo.splitlines() if line.startswith("version = "))
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == version
    assert template().container("aster-drive-primary")["image"] == f"aster_drive:{version}"


def test_the_schema_means_the_same_to_another_reader_than_helm():
    """Versions of helm differ in the library that reads the schema."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    assert not list(validator.iter_errors(defaults))
    for file in VALUE_SETS:
        assert not list(validator.iter_errors(yaml.safe_load(file.read_text()) or {})), file
    for wrong in ({"primry": {}}, {"followers": {"primary": {}}}, {"followers": {"a": {"replica": 1}}}):
        assert list(validator.iter_errors(wrong)), wrong


def test_every_object_in_the_schema_is_closed_or_free_on_purpose():
    free = {"texts", "labels", "free", "section", "settings"}
    schema = json.loads((CHART / "values.schema.json").read_text())

    def closed(at, node):
        if isinstance(node, dict) and "properties" in node:
            assert node.get("additionalProperties") is False, at
        for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
            closed(f"{at}.{key}", inner)

    for name, definition in schema.pop("definitions").items():
        if name not in free:
            closed(name, definition)
    closed("values", schema)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"primry": {}}, "primry"),
        ({"primary": {"replica": 2}}, "replica"),
        ({"primary": {"ingress": {"host": "a"}}}, "host"),
        ({"followers": {"follower": {"replica": 2}}}, "replica"),
        ({"followerDefaults": {"target": {"s3": {"secret": "x"}}}}, "secret"),
        ({"admin": {"passwd": "x"}}, "passwd"),
        ({"networkPolicy": {"egress": {"extra": []}}}, "extra"),
        ({"bootstrap": {"policyGroups": [{"name": "a", "rules": [], "size": 1}]}}, "size"),
    ],
)
def test_unknown_keys_are_refused(values, path):
    refused(values, f"Additional property {path} is not allowed")


@pytest.mark.parametrize(
    ("values", "because"),
    [
        ({"followers": {"primary": {}}}, 'Property name of "primary"'),
        ({"followers": {"with-hyphen": {}}}, 'Property name of "with-hyphen"'),
        ({"followers": {"a": {"replicas": -1}}}, "Must be greater than or equal to 0"),
        ({"admin": {"username": "abc"}}, "admin.username"),
        ({"admin": {"password": "short"}}, "admin.password"),
        ({"site": {"url": "https://drive.example.org/path"}}, "site.url"),
        ({"primary": {"persistence": {"accessModes": ["ReadWriteMany"]}}}, "accessModes"),
        ({"commonLabels": {"app.kubernetes.io/name": "x"}}, "app.kubernetes.io/name"),
        ({"primary": {"settings": {"server": {"shutdown_grace_secs": 0}}}}, "shutdown_grace_secs"),
        ({"primary": {"ingress": {"enabled": True}}}, "primary.ingress.hosts is empty"),
        ({"followers": {"a": {"ingress": {"enabled": True}}}}, "followers.a.ingress.host is empty"),
        ({"followers": {"a": {"replicas": 2, "baseUrl": "https://a"}}}, "followers.a.baseUrl is the same for 2"),
        ({"followers": {"a": {"target": {"type": "s3"}}}}, "followers.a.target: type s3 needs"),
        ({"primary": {"settings": {"database": {"url": "x"}}}}, "primary.settings.database.url cannot be set here"),
        ({"followers": {"a": {"settings": {"server": {"port": 1}}}}}, "followers.a.settings.server.port cannot be set"),
        ({"primary": {"replicas": 0}}, "primary.replicas"),
        ({"primary": {"replicas": 2}}, "several primaries need a PostgreSQL database"),
        ({"primary": {"replicas": 2}, "database": {"url": "sqlite://a.db"}}, "several primaries need a PostgreSQL"),
        (
            {"primary": {"replicas": 2, "persistence": {"existingClaim": "a"}}, "database": {"url": "postgres://a@b/c"}},
            "several primaries cannot share it",
        ),
        (
            {
                "primary": {"replicas": 2},
                "database": {"url": "postgres://a@b/c"},
                "followers": {"follower": {"replicas": 0}},
            },
            "there is no follower",
        ),
        (
            {"bootstrap": {"policyGroups": [{"name": "all", "rules": [{"policy": "follower-7", "priority": 1}]}]}},
            "which no follower makes; there are: follower-0",
        ),
    ],
)
def test_values_that_cannot_work_are_refused_with_the_reason(values, because):
    refused(values, because)


def test_without_followers_the_primary_stands_alone():
    rendered = template(values=values_of("no-followers"))
    assert rendered.bootstrap() == {}
    assert list(rendered.of_kind("PodDisruptionBudget")) == []
    assert rendered.get("StatefulSet", "aster-drive-follower")["spec"]["replicas"] == 0
    alone = template(values={"followers": {"follower": None}})
    assert list(alone.of_kind("StatefulSet")) == ["aster-drive-primary"]
    assert alone.bootstrap() == {}


def test_three_replicas_are_three_nodes_with_addresses_of_their_own():
    rendered = template(values=values_of("three-replicas"))
    bootstrap = rendered.bootstrap()
    service = f"aster-drive-follower.{NAMESPACE}.svc:3000"
    assert [node["base_url"] for node in bootstrap["nodes"]] == [
        f"http://aster-drive-follower-{replica}.{service}" for replica in range(3)
    ]
    assert [policy["node"] for policy in bootstrap["policies"]] == [node["name"] for node in bootstrap["nodes"]]
    (group,) = bootstrap["groups"]
    assert group["is_default"] is True
    sizes = [(rule["policy"], rule["min_file_size"], rule["max_file_size"]) for rule in group["rules"]]
    assert sizes == [
        ("aster-drive-follower-0", 0, 1 << 20),
        ("aster-drive-follower-1", 1 << 20, 10 << 30),
        ("aster-drive-follower-2", 10 << 30, 0),
    ]


def test_by_default_one_group_has_a_rule_for_each_follower():
    bootstrap = template(values={"followers": {"follower": {"replicas": 2}}}).bootstrap()
    (group,) = bootstrap["groups"]
    assert (group["name"], group["is_default"]) == ("everyone", True)
    assert [(rule["policy"], rule["priority"]) for rule in group["rules"]] == [
        ("aster-drive-follower-0", 1),
        ("aster-drive-follower-1", 2),
    ]


def test_followers_start_beside_each_other_and_wait_for_their_primary_without_being_killed():
    rendered = template(values=values_of("three-replicas"))
    assert rendered.get("StatefulSet", "aster-drive-follower")["spec"]["podManagementPolicy"] == "Parallel"
    container, env = rendered.container("aster-drive-follower"), rendered.env("aster-drive-follower")
    startup = container["startupProbe"]
    deadline = int(env["ASTER__SERVER__FOLLOWER__ENROLLMENT_DEADLINE_SECS"])
    assert startup["periodSeconds"] * startup["failureThreshold"] > deadline


def test_readiness_never_restarts_a_pod():
    rendered = template()
    for name in rendered.of_kind("StatefulSet"):
        container = rendered.container(name)
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
        for probe in ("startupProbe", "livenessProbe"):
            assert container[probe]["httpGet"]["path"] == "/health"


def test_groups_differ_where_they_say_so_and_share_the_rest():
    rendered = template(values=values_of("two-groups"))
    assert sorted(rendered.of_kind("StatefulSet")) == ["aster-drive-fast", "aster-drive-large", "aster-drive-primary"]
    fast, large = rendered.env("aster-drive-fast"), rendered.env("aster-drive-large")
    assert fast["ASTER__LOGGING__LEVEL"] == large["ASTER__LOGGING__LEVEL"] == "debug"
    assert fast["ASTER__LOGGING__FORMAT"] == large["ASTER__LOGGING__FORMAT"] == "json"
    assert large["ASTER__SERVER__FOLLOWER__RESERVED_FREE_BYTES"] == "10737418240"
    assert fast["ASTER__SERVER__FOLLOWER__RESERVED_FREE_BYTES"] == "134217728"
    assert rendered.pod("aster-drive-large")["terminationGracePeriodSeconds"] == 135
    claims = {
        name: rendered.get("StatefulSet", name)["spec"]["volumeClaimTemplates"][0]["spec"]
        for name in ("aster-drive-fast", "aster-drive-large")
    }
    assert claims["aster-drive-fast"]["storageClassName"] == "nvme"
    assert claims["aster-drive-large"]["resources"]["requests"]["storage"] == "4Ti"
    assert list(rendered.of_kind("PodDisruptionBudget")) == ["aster-drive-fast"]
    assert "topologySpreadConstraints" in rendered.pod("aster-drive-fast")
    assert "topologySpreadConstraints" not in rendered.pod("aster-drive-large")
    policies = {policy["name"]: policy for policy in rendered.bootstrap()["policies"]}
    assert policies["aster-drive-large-0"]["max_file_size"] == 100 << 40
    assert policies["aster-drive-large-0"]["chunk_size"] == 64 << 20
    assert "chunk_size" not in policies["aster-drive-fast-1"]


def test_existing_secrets_replace_all_made_ones():
    rendered = template(values=values_of("existing-secrets"))
    assert list(rendered.of_kind("Secret")) == []
    assert list(rendered.of_kind("ServiceAccount")) == []
    volumes = {volume["name"]: volume for volume in rendered.pod("aster-drive-primary")["volumes"]}
    assert volumes["keys"]["secret"]["secretName"] == "vault-keys"
    assert volumes["enrollment"]["secret"]["secretName"] == "vault-tokens"
    assert volumes["admin"]["secret"]["secretName"] == "vault-admin"
    assert volumes["admin"]["secret"]["items"] == [{"key": "initial-password", "path": "password"}]
    assert volumes["data"]["persistentVolumeClaim"]["claimName"] == "drive-data"
    assert list(rendered.of_kind("PersistentVolumeClaim")) == []
    assert rendered.pod("aster-drive-primary")["serviceAccountName"] == "default"
    assert rendered.pod("aster-drive-follower")["serviceAccountName"] == "storage"


def test_no_secret_is_in_an_environment_or_in_the_declaration():
    rendered = template(values={"admin": {"password": "correct horse"}, "database": {"url": "sqlite://secret.db"}})
    outside = [item for item in rendered.objects if item["kind"] != "Secret"]
    text = yaml.safe_dump_all(outside)
    for name in rendered.of_kind("Secret"):
        for value in rendered.secret(name).values():
            assert value not in text


def test_a_bucket_is_declared_with_its_keys_as_files_that_only_the_primary_has():
    rendered = template(values=values_of("s3-target"))
    (node,) = rendered.bootstrap()["nodes"]
    assert node["targets"] == [
        {
            "name": "bucket",
            "driver_type": "s3",
            "base_path": "drive",
            "max_file_size": 0,
            "is_default": True,
            "endpoint": "https://s3.example.org",
            "bucket": "aster",
            "region": "eu-1",
            "addressing": "virtual_host",
            "access_key_file": "/run/secrets/s3-follower/access-key",
            "secret_key_file": "/run/secrets/s3-follower/secret-key",
        }
    ]
    volumes = {volume["name"]: volume for volume in rendered.pod("aster-drive-primary")["volumes"]}
    assert volumes["s3-follower"]["secret"]["secretName"] == "bucket-keys"
    assert [item["key"] for item in volumes["s3-follower"]["secret"]["items"]] == ["id", "key"]
    mounts = {mount["name"]: mount["mountPath"] for mount in rendered.container("aster-drive-primary")["volumeMounts"]}
    assert mounts["s3-follower"] == "/run/secrets/s3-follower"
    assert "bucket-keys" not in yaml.safe_dump(rendered.pod("aster-drive-follower"))


def test_an_ingress_with_tls_gives_site_and_followers_their_addresses():
    rendered = template(values=values_of("ingress-tls"))
    env = rendered.env("aster-drive-primary")
    assert env["ASTER_BOOTSTRAP_PUBLIC_SITE_URL"] == "https://drive.example.org"
    assert "ASTER__AUTH__BOOTSTRAP_INSECURE_COOKIES" not in env
    ingress = rendered.get("Ingress", "aster-drive-primary")
    assert ingress["spec"]["tls"] == [
        {"secretName": "aster-drive-primary-tls", "hosts": ["drive.example.org", "files.example.org"]}
    ]
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"] == "0"
    assert ingress["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "letsencrypt"
    followers = rendered.get("Ingress", "aster-drive-follower")
    backends = {
        rule["host"]: rule["http"]["paths"][0]["backend"]["service"]["name"] for rule in followers["spec"]["rules"]
    }
    assert backends == {
        f"aster-drive-follower-{replica}.storage.example.org": f"aster-drive-follower-{replica}" for replica in range(2)
    }
    for pod in backends.values():
        selector = rendered.get("Service", pod)["spec"]["selector"]
        assert selector["statefulset.kubernetes.io/pod-name"] == pod
    assert [node["base_url"] for node in rendered.bootstrap()["nodes"]] == [f"https://{host}" for host in backends]


def test_over_plain_http_logins_work_and_the_address_is_that_of_a_port_forward():
    env = template().env("aster-drive-primary")
    assert env["ASTER_BOOTSTRAP_PUBLIC_SITE_URL"] == "http://localhost:3000"
    assert env["ASTER__AUTH__BOOTSTRAP_INSECURE_COOKIES"] == "true"
    said = template(values={"primary": {"settings": {"auth": {"bootstrap_insecure_cookies": False}}}})
    assert said.env("aster-drive-primary")["ASTER__AUTH__BOOTSTRAP_INSECURE_COOKIES"] == "false"


def test_the_database_url_comes_from_a_secret_in_either_case():
    existing = template(values=values_of("database-secret"))
    reference = {"secretKeyRef": {"name": "drive-database", "key": "uri"}}
    assert existing.env("aster-drive-primary")["ASTER__DATABASE__URL"] == reference
    assert "drive-database" not in existing.of_kind("Secret")
    given = template(values={"database": {"url": "sqlite://a.db"}})
    reference = {"secretKeyRef": {"name": "aster-drive-database", "key": "url"}}
    assert given.env("aster-drive-primary")["ASTER__DATABASE__URL"] == reference
    assert given.secret("aster-drive-database") == {"url": "sqlite://a.db"}
    assert "ASTER__DATABASE__URL" not in template().env("aster-drive-primary")
    for rendered in (existing, given):
        assert "ASTER__DATABASE__URL" not in rendered.env("aster-drive-follower"), "followers have their own"


def test_several_primaries_share_database_and_keys_and_have_no_volume():
    rendered = template(values=values_of("two-primaries"))
    primary = rendered.of_kind("StatefulSet")["aster-drive-primary"]["spec"]
    assert primary["replicas"] == 2
    volumes = {volume["name"]: volume for volume in primary["template"]["spec"]["volumes"]}
    assert volumes["data"] == {"name": "data", "emptyDir": {}}
    assert "aster-drive-primary" not in rendered.of_kind("PersistentVolumeClaim")
    env = rendered.env("aster-drive-primary")
    assert env["ASTER__DATABASE__URL"] == {"secretKeyRef": {"name": "drive-database", "key": "uri"}}
    assert env["ASTER__AUTH__STORAGE_CREDENTIAL_SECRET_KEY_FILE"].startswith("/run/secrets/keys/")
    assert template().of_kind("StatefulSet")["aster-drive-primary"]["spec"]["replicas"] == 1


def peers(rules):
    """Who is in all `from` or `to` of the rules: a component of ours, `other`, or `everyone`."""
    found = []
    for rule in rules:
        admitted = rule.get("from", rule.get("to"))
        for peer in admitted or []:
            labels = peer.get("podSelector", {}).get("matchLabels", {})
            found.append(labels.get("app.kubernetes.io/component", "other"))
        found += [] if admitted else ["everyone"]
    return found


def test_followers_are_reached_by_the_primary_only_until_browsers_have_to():
    inside = template().get("NetworkPolicy", "aster-drive-follower")["spec"]
    assert peers(inside["ingress"]) == ["primary"] and inside["policyTypes"] == ["Ingress"]
    limited = template(values=values_of("ingress-tls"))
    assert peers(limited.get("NetworkPolicy", "aster-drive-follower")["spec"]["ingress"]) == ["primary", "other"]
    assert peers(limited.get("NetworkPolicy", "aster-drive-primary")["spec"]["ingress"]) == ["follower", "other"]
    everyone = template(values=values_of("names")).get("NetworkPolicy", "files-site2")["spec"]
    assert peers(everyone["ingress"]) == ["everyone"]


def test_egress_is_limited_to_dns_and_each_other_when_asked_for():
    rendered = template(values=values_of("network"))
    primary = rendered.get("NetworkPolicy", "aster-drive-primary")["spec"]
    follower = rendered.get("NetworkPolicy", "aster-drive-follower")["spec"]
    assert primary["policyTypes"] == follower["policyTypes"] == ["Ingress", "Egress"]
    assert peers(primary["egress"]) == ["everyone", "follower"]
    assert peers(follower["egress"]) == ["everyone", "primary", "other"]
    for policy in (primary, follower):
        assert {port["port"] for port in policy["egress"][0]["ports"]} == {53}
    none = template(values={"networkPolicy": {"enabled": False}})
    assert list(none.of_kind("NetworkPolicy")) == []


def test_long_release_names_fit_and_stay_apart():
    releases = ["r" * (length - 1) + last for length in (26, 36, 45, 53) for last in "ab"]
    seen = []
    for release in releases:
        rendered = template(release=release, values={"followers": {"abcdefghijklmno": {"replicas": 1}}})
        for kind, name in rendered.names():
            # A StatefulSet's name is in a label of its pods, with a hyphen and a hash of ten behind it.
            assert len(name) <= (52 if kind == "StatefulSet" else 63), name
        namespaces = [node["namespace"] for node in rendered.bootstrap()["nodes"]]
        assert namespaces and all(len(name) <= 64 for name in namespaces)
        seen += rendered.names()
    assert len(seen) == len(set(seen))


def test_names_can_be_overridden():
    rendered = template(values=values_of("names"))
    assert sorted(rendered.of_kind("StatefulSet")) == ["files-follower", "files-primary", "files-site2"]
    urls = {node["name"]: node["base_url"] for node in rendered.bootstrap()["nodes"]}
    assert urls["files-site2-1"] == "https://files-1.site2.example.org/drive"
    for item in rendered.objects:
        assert item["metadata"]["labels"]["team"] == "storage"
    other = template(values={"nameOverride": "files"})
    assert "aster-drive-files-primary" in other.of_kind("StatefulSet")
    assert "drive-aster-drive-primary" in template(release="drive").of_kind("StatefulSet")


def test_followers_know_their_primary_by_an_address_that_no_value_changes():
    urls = {
        template(values=values).env("aster-drive-follower")["ASTER_BOOTSTRAP_REMOTE_MASTER_URL"]
        for values in (None, {"primary": {"service": {"port": 80}}}, values_of("ingress-tls"))
    }
    assert urls == {f"http://aster-drive-primary-internal.{NAMESPACE}.svc:3000"}
    service = template().get("Service", "aster-drive-primary-internal")["spec"]
    assert service["publishNotReadyAddresses"] is True and service["clusterIP"] == "None"


def test_every_optional_part_lands_where_it_belongs():
    rendered = template(values=values_of("everything"))
    pod, container = rendered.pod("aster-drive-primary"), rendered.container("aster-drive-primary")
    env = rendered.env("aster-drive-primary")
    assert container["image"] == "registry.example.org/aster_drive@sha256:" + "0" * 64
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert env["ASTER__SERVER__WORKERS"] == "4" and env["SSL_CERT_FILE"] == "/etc/ca/ca.pem"
    assert env["ASTER__LOGGING__LEVEL"] == "info,aster_drive::http=debug"
    assert pod["serviceAccountName"] == "drive" and pod["priorityClassName"] == "high"
    (spread,) = pod["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"]["app.kubernetes.io/component"] == "primary"
    assert rendered.get("Service", "aster-drive-primary")["spec"]["ports"][0] == {
        "name": "http",
        "port": 80,
        "targetPort": "http",
        "nodePort": 30080,
    }
    claim = rendered.get("PersistentVolumeClaim", "aster-drive-primary")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep", "backup": "daily"}
    budget = rendered.get("PodDisruptionBudget", "aster-drive-follower")["spec"]
    assert budget["maxUnavailable"] == "50%" and budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    bootstrap = rendered.bootstrap()
    assert [node["name"] for node in bootstrap["nodes"]] == ["aster-drive-follower-0", "cellar"]
    assert bootstrap["policies"][0]["options"] == {
        "remote_upload_strategy": "relay_stream",
        "remote_download_strategy": "relay_stream",
    }
    assert rendered.secret("aster-drive-admin") == {"password": "correct horse battery"}


@pytest.mark.parametrize("text", ['a"b', "a\\b", "tab\there", "ünï", "<&>", "{{ x }}", "line\nbreak", "bell\a"])
def test_texts_of_any_kind_arrive_in_the_declaration_as_they_are(text):
    values = {"followerDefaults": {"target": {"basePath": text}, "policy": {"basePath": text, "options": {"a": text}}}}
    bootstrap = template(values=values).bootstrap()
    assert bootstrap["nodes"][0]["targets"][0]["base_path"] == text
    assert bootstrap["policies"][0]["base_path"] == bootstrap["policies"][0]["options"]["a"] == text
