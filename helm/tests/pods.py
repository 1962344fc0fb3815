"""Runs rendered pods as processes on this machine: the same environment, the same files, the same ports.

Every pod has a directory in place of its root and a loopback address in place of its own. What the cluster's DNS would
do is done by writing addresses over names, and paths below a mount point get the directory in front.
"""

import ipaddress
import json
import os
import re
import secrets
import signal
import subprocess
import time
import urllib.request
from urllib.error import HTTPError, URLError

from chart import NAMESPACE, ROOT

# Bounds a hang and nothing else; a machine may be very busy.
DEADLINE_SECS = 180
POLL_SECS = 0.05


def program():
    """The program that `cargo test` or `cargo build` left."""
    path = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/aster_drive"
    assert path.exists(), f"{path} is missing; build it first: cargo build"
    return path


def wait_for(what, condition):
    """The first true value of `condition`."""
    deadline = time.monotonic() + DEADLINE_SECS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {DEADLINE_SECS} s for {what}"
        time.sleep(POLL_SECS)
    return found


class Pods:
    """All pods of one release, below `directory`."""

    def __init__(self, directory):
        self.directory = directory
        # A network for each test, so that two runs on one machine do not meet. 127.0 is left to others.
        self._network = int(ipaddress.ip_address("127.1.0.0")) + secrets.randbelow(0xFD_0000) // 0x100 * 0x100
        self._addresses = {}
        self._processes = {}

    def address(self, pod):
        host = self._addresses.setdefault(pod, len(self._addresses) + 1)
        return str(ipaddress.ip_address(self._network + host))

    def url(self, pod):
        return f"http://{self.address(pod)}:3000"

    def root(self, pod):
        return self.directory / pod

    def _localized(self, pod, mounts, text):
        """`text` with addresses for names that DNS would know, and with the pod's directory before paths in mounts. A
        path is the whole text, or stands in quotes."""
        for known in self._addresses:
            group = known.rpartition("-")[0]
            text = text.replace(f"{known}.{group}.{NAMESPACE}.svc:3000", f"{self.address(known)}:3000")
            text = text.replace(f"{group}-internal.{NAMESPACE}.svc:3000", f"{self.address(known)}:3000")
        for mount in mounts:
            path = re.escape(mount["mountPath"])
            text = re.sub(f'(^|")({path})(?=["/]|$)', rf"\g<1>{self.root(pod)}\g<2>", text)
        return text

    def _files(self, rendered, volume):
        """Names and texts in a volume; None for one that only has to be there."""
        if "configMap" in volume:
            return rendered.get("ConfigMap", volume["configMap"]["name"])["data"]
        if "secret" not in volume:
            return None
        content = rendered.secret(volume["secret"]["secretName"])
        items = volume["secret"].get("items") or [{"key": key, "path": key} for key in content]
        return {item["path"]: content[item["key"]] for item in items}

    def _mount(self, rendered, pod, workload):
        volumes = {volume["name"]: volume for volume in rendered.pod(workload)["volumes"]}
        mounts = rendered.container(workload)["volumeMounts"]
        for mount in mounts:
            place = self.root(pod) / mount["mountPath"].lstrip("/")
            files = self._files(rendered, volumes.get(mount["name"], {}))
            if "subPathExpr" in mount:
                name = mount["subPathExpr"].replace("$(POD_NAME)", pod)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(files[name])
                continue
            place.mkdir(parents=True, exist_ok=True)
            for name, text in (files or {}).items():
                (place / name).write_text(self._localized(pod, mounts, text))

    def environment(self, rendered, pod, workload):
        """The container's variables, and none of ours."""
        values = {}
        for name, value in rendered.env(workload).items():
            if isinstance(value, dict) and "fieldRef" in value:
                value = pod
            elif isinstance(value, dict):
                reference = value["secretKeyRef"]
                value = rendered.secret(reference["name"])[reference["key"]]
            values[name] = self._localized(pod, rendered.container(workload)["volumeMounts"], value)
        return {**values, "ASTER__SERVER__HOST": self.address(pod)}

    def run(self, rendered, pod, *arguments):
        """A command of the program in the pod; its result."""
        workload = pod.rpartition("-")[0]
        self._mount(rendered, pod, workload)
        env = self.environment(rendered, pod, workload)
        return subprocess.run([program(), *arguments], cwd=self.root(pod), env=env, capture_output=True, text=True)

    def start(self, rendered, pod):
        workload = pod.rpartition("-")[0]
        self._mount(rendered, pod, workload)
        env = self.environment(rendered, pod, workload)
        with (self.root(pod) / "log").open("ab") as log:
            self._processes[pod] = subprocess.Popen(
                [program()], cwd=self.root(pod), env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def log(self, pod):
        return (self.root(pod) / "log").read_text()

    def ready(self, pod):
        """Waits until the pod's readiness probe would pass."""

        def probe():
            assert self._processes[pod].poll() is None, f"{pod} ended:\n{self.log(pod)}"
            try:
                return urllib.request.urlopen(f"{self.url(pod)}/health/ready", timeout=5).status == 200
            except (URLError, OSError):
                return False

        wait_for(f"{pod} to be ready", probe)

    def stop(self, pod):
        """Stops it as a cluster does; its exit code."""
        process = self._processes.pop(pod)
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=DEADLINE_SECS)

    def close(self):
        for process in self._processes.values():
            process.kill()
            process.wait()


class Api:
    """The primary's API for a person who is signed in."""

    def __init__(self, url, identifier, password):
        self._base = f"{url}/api/v1"
        self._headers = {}
        reply = self._send("POST", "/auth/login", json={"identifier": identifier, "password": password})
        cookies = [value for name, value in reply.headers.items() if name.lower() == "set-cookie"]
        (access,) = [cookie for cookie in cookies if cookie.startswith("aster_access=")]
        token = access.removeprefix("aster_access=").partition(";")[0]
        self._headers["Authorization"] = f"Bearer {token}"

    def _send(self, method, path, body=None, content_type=None, **kwargs):
        if "json" in kwargs:
            body, content_type = json.dumps(kwargs["json"]).encode(), "application/json"
        headers = {**self._headers, **({"Content-Type": content_type} if content_type else {})}
        request = urllib.request.Request(self._base + path, data=body, headers=headers, method=method)
        try:
            return urllib.request.urlopen(request, timeout=DEADLINE_SECS)
        except HTTPError as error:
            raise AssertionError(f"{method} {path} answered {error.code}: {error.read().decode()}") from error

    def get(self, path):
        return json.load(self._send("GET", path))["data"]

    def upload(self, name, content):
        boundary = secrets.token_hex(16)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        path = f"/files/upload?declared_size={len(content)}"
        return json.load(self._send("POST", path, body, f"multipart/form-data; boundary={boundary}"))["data"]

    def download(self, file_id):
        return self._send("GET", f"/files/{file_id}/download").read()
