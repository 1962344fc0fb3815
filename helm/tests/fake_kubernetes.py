"""A fake Kubernetes API: discovery and a store of objects in memory, enough for helm to install, upgrade and look up.

It runs nothing, checks nothing and knows no defaults. It answers what helm asks: which kinds there are, and create,
read, list, patch and delete of single objects.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

# group/version → kind → plural; all of them but the namespace live in namespaces.
KINDS = {
    "v1": {
        "ConfigMap": "configmaps",
        "Namespace": "namespaces",
        "PersistentVolumeClaim": "persistentvolumeclaims",
        "Secret": "secrets",
        "Service": "services",
        "ServiceAccount": "serviceaccounts",
    },
    "apps/v1": {"StatefulSet": "statefulsets"},
    "networking.k8s.io/v1": {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies"},
    "policy/v1": {"PodDisruptionBudget": "poddisruptionbudgets"},
}
VERBS = ["create", "delete", "get", "list", "patch", "update"]


def merged(present, patch):
    """A merge patch (RFC 7396). Lists are replaced; a strategic patch would join them by key, but the maps that the
    tests look at (data of Secrets, annotations) come out the same."""
    if not isinstance(patch, dict):
        return patch
    result = dict(present) if isinstance(present, dict) else {}
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def status(code, reason, message):
    return code, {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure" if code >= 400 else "Success",
        "code": code,
        "reason": reason,
        "message": message,
    }


class FakeKubernetes:
    """Listens on a free port of the loopback device from creation to `close`."""

    def __init__(self):
        self.objects = {}
        self._lock = threading.Lock()
        self._version = 0
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet, or each answer waits for an acknowledgement

            def log_message(self, *_):
                pass

            def answer(self):
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                code, reply = fake.handle(self.command, self.path, body)
                # An OpenAPI document without any kind is no bytes of protobuf; helm then validates nothing.
                text = b"" if self.path.startswith("/openapi/v2") else json.dumps(reply).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def handle(self, method, path, body):
        url = urlsplit(path)
        parts = url.path.strip("/").split("/")
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        with self._lock:
            if parts == ["openapi", "v2"]:
                return 200, None
            if parts == ["version"]:
                return 200, {"major": "1", "minor": "34", "gitVersion": "v1.34.0"}
            if parts == ["api"]:
                return 200, {"kind": "APIVersions", "versions": ["v1"]}
            if parts == ["apis"]:
                return 200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": self._groups()}
            version, rest = ("v1", parts[2:]) if parts[0] == "api" else ("/".join(parts[1:3]), parts[3:])
            if version not in KINDS:
                return status(404, "NotFound", f"the fake does not know {url.path}")
            if not rest:
                return 200, self._resources(version)
            return self._object(method, version, rest, query, body)

    def _groups(self):
        versions = [{"groupVersion": version, "version": "v1"} for version in KINDS if "/" in version]
        return [
            {"name": version["groupVersion"].split("/")[0], "versions": [version], "preferredVersion": version}
            for version in versions
        ]

    def _resources(self, version):
        resources = [
            {"name": plural, "namespaced": kind != "Namespace", "kind": kind, "verbs": VERBS}
            for kind, plural in KINDS[version].items()
        ]
        return {"kind": "APIResourceList", "groupVersion": version, "resources": resources}

    def _object(self, method, version, rest, query, body):
        assert rest[0] == "namespaces", f"the fake has objects in namespaces only: {rest}"
        kinds = {plural: kind for kind, plural in KINDS[version].items()}
        if rest == ["namespaces"] and method == "POST":
            return 201, body  # namespaces are not kept: any will do
        namespace, plural, name = rest[1], rest[2], (rest[3:] or [None])[0]
        kind = kinds[plural]
        if method == "POST":
            name = body["metadata"]["name"]
        key = (namespace, kind, name)
        if name is None:
            assert method == "GET", method
            return 200, self._list(version, namespace, kind, query.get("labelSelector", ""))
        if method == "POST":
            if key in self.objects:
                return status(409, "AlreadyExists", f"{plural} {name!r} already exists")
            return 201, self._store(key, body)
        if key not in self.objects:
            return status(404, "NotFound", f"{plural} {name!r} not found")
        if method == "GET":
            return 200, self.objects[key]
        if method == "PUT":
            return 200, self._store(key, body)
        if method == "PATCH":
            return 200, self._store(key, merged(self.objects[key], body))
        del self.objects[key]
        return status(200, "", f"{name} deleted")

    def _store(self, key, item):
        self._version += 1
        namespace, kind, name = key
        metadata = {**item["metadata"], "namespace": namespace, "resourceVersion": str(self._version)}
        metadata.setdefault("uid", f"uid-{kind}-{name}")
        self.objects[key] = {**item, "metadata": metadata}
        return self.objects[key]

    def _list(self, version, namespace, kind, selector):
        wanted = dict(pair.split("=") for pair in selector.split(",") if pair)
        items = [
            item
            for (in_namespace, of_kind, _), item in sorted(self.objects.items())
            if (in_namespace, of_kind) == (namespace, kind)
            and wanted.items() <= item["metadata"].get("labels", {}).items()
        ]
        return {"kind": f"{kind}List", "apiVersion": version, "metadata": {}, "items": items}
