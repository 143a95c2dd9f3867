"""One pod: a network namespace with the processes that stand for its containers.

The folder of a pod is /media/pods/NAMESPACE.NAME. Whoever looks at the pod finds there `network`, the name of its
network namespace, and `address`. The logs of its containers are in /media/logs/NAMESPACE.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from api import Api, Object
from containers import arguments, environment
from services import GATEWAY, Services

LAB = Path("/media")
AGENT = "/media/bin/pilot-agent"
# The user of the proxy, whose own traffic is not captured.
PROXY_USER = "1337"
# Folders of the container istio-proxy that are its own.
OWN_FOLDERS = (
    "etc/istio/pod",
    "etc/istio/proxy",
    "run/secrets/credential-uds",
    "run/secrets/istio",
    "run/secrets/kubernetes.io/serviceaccount",
    "run/secrets/tokens",
    "run/secrets/workload-spiffe-credentials",
    "run/secrets/workload-spiffe-uds",
    "var/istio/data",
    "var/istio/envoy",
)
# How the container istio-proxy sees these folders of the machine: with its own files over them.
LAYERS = {"etc": "/etc", "var": "/var/lib", "run": "/run"}
# So long a process may take to end by itself, in seconds.
GRACE = 4


class Pod:
    """A pod that was started here."""

    def __init__(self, described: Object, number: int, api: Api, services: Services) -> None:
        metadata = described["metadata"]
        self.described = described
        self.number = number
        self.name: str = metadata["name"]
        self.namespace: str = metadata["namespace"]
        self.uid: str = metadata["uid"]
        self.address = f"10.244.0.{number}"
        self.network = f"p{number}"
        self.started = now()
        self.is_going = False
        self._api = api
        self._services = services
        self._account: str = described["spec"].get("serviceAccountName", "default")
        self._folder = LAB / "pods" / f"{self.namespace}.{self.name}"
        self._logs = LAB / "logs" / self.namespace
        self._processes: list[subprocess.Popen[bytes]] = []
        self._has_proxy = False
        self._is_up = False
        self._posted: bool | None = None

    @property
    def path(self) -> str:
        """Where the API server has the pod."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"

    def start(self) -> None:
        """Starts the containers, in their order."""
        self._connect()
        self._write_files()
        spec = self.described["spec"]
        initial, others = spec.get("initContainers", []), spec.get("containers", [])
        for container in initial:
            if container["name"] == "istio-init":
                self._run(container["name"], [AGENT, *self._arguments(container)], self._environment(container)).wait()
        for container in [*(one for one in initial if one.get("restartPolicy") == "Always"), *others]:
            self._start_container(container)
        self._is_up = True
        print(now(), "started", self.namespace, self.name, self.address, flush=True)

    def write_hosts(self) -> None:
        (self._folder / "hosts").write_text(self._services.hosts(self.namespace))

    def report(self) -> None:
        """Tells the API server how the pod is, when that has changed."""
        is_ready = self._is_up and self._is_ready()
        if not self._is_up or is_ready == self._posted:
            return
        self._posted = is_ready
        self._api.patch(f"{self.path}/status", {"status": self._status(is_ready)})

    def stop(self) -> None:
        """Ends the processes, and gives the network namespace back."""
        for process in self._processes:
            signal_group(process, signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                signal_group(process, signal.SIGKILL)
                process.wait()
        left = subprocess.run(["ip", "netns", "pids", self.network], capture_output=True, text=True, check=False)
        for pid in left.stdout.split():
            kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", self.network], check=False)
        print(now(), "stopped", self.namespace, self.name, flush=True)

    def _connect(self) -> None:
        """Makes the network namespace, and puts it on the bridge."""
        inner, outer = self.network, f"v{self.number}"
        for command in (
            f"ip netns add {inner}",
            f"ip link add {outer} type veth peer name eth0 netns {inner}",
            f"ip link set {outer} master br0 up",
            f"ip -n {inner} link set lo up",
            f"ip -n {inner} address add {self.address}/16 dev eth0",
            f"ip -n {inner} link set eth0 up",
            f"ip -n {inner} route add default via {GATEWAY}",
        ):
            subprocess.run(command.split(), check=True)

    def _write_files(self) -> None:
        """Writes what a kubelet mounts: tokens, the root certificate, the downward API, names of hosts."""
        root = self._folder / "fs"
        for folder in (*OWN_FOLDERS, *(f"work/{layer}" for layer in LAYERS)):
            (root / folder).mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        metadata = self.described["metadata"]
        audience = "https://kubernetes.default.svc"
        texts = {
            "etc/istio/pod/labels": quoted(metadata.get("labels", {})),
            "etc/istio/pod/annotations": quoted(metadata.get("annotations", {})),
            "run/secrets/tokens/istio-token": self._api.token(self.namespace, self._account, "istio-ca"),
            "run/secrets/kubernetes.io/serviceaccount/token": self._api.token(self.namespace, self._account, audience),
            "run/secrets/istio/root-cert.pem": self._root_certificate(),
            "var/istio/envoy/envoy_bootstrap_tmpl.json": (LAB / "bootstrap.json").read_text(),
        }
        for path, text in texts.items():
            (root / path).write_text(text)
        owned = [str(root / folder) for folder in ("etc/istio", "var/istio", "run/secrets")]
        subprocess.run(["chown", "-R", f"{PROXY_USER}:{PROXY_USER}", *owned], check=True)
        self.write_hosts()
        (self._folder / "network").write_text(self.network)
        (self._folder / "address").write_text(self.address)

    def _root_certificate(self) -> str:
        """The certificate of Istio's CA, which istiod writes into each namespace."""
        for _ in range(120):
            answer = self._api.get(f"/api/v1/namespaces/{self.namespace}/configmaps/istio-ca-root-cert")
            if answer.is_found:
                return answer.body["data"]["root-cert.pem"]
            time.sleep(0.25)
        raise TimeoutError(f"istiod wrote no root certificate into the namespace {self.namespace}")

    def _start_container(self, container: Object) -> None:
        variables = self._environment(container)
        name = container["name"]
        if name == "istio-proxy":
            self._has_proxy = True
            command = [AGENT, *self._arguments(container)]
            is_gateway = "router" in command
            if is_gateway:
                setting = "net.ipv4.ip_unprivileged_port_start=0"
                subprocess.run(["ip", "netns", "exec", self.network, "sysctl", "-qw", setting], check=True)
            user = ["setpriv", "--reuid", PROXY_USER, "--regid", PROXY_USER, "--clear-groups"]
            process = self._run(name, [*user, *command], variables)
        else:
            # Whatever the image would be: the echo backend takes its place.
            ports = [str(port["containerPort"]) for port in container.get("ports", [])] or ["9080"]
            process = self._run(name, ["/media/mesh-test", "app", "--name", name, *ports], variables)
        self._processes.append(process)

    def _run(self, name: str, command: list[str], variables: dict[str, str]) -> subprocess.Popen[bytes]:
        """Runs a command in the pod."""
        mounts = [f"mount --bind {self._folder}/hosts /etc/hosts"]
        if name == "istio-proxy":
            fs = self._folder / "fs"
            overlay = "mount -t overlay overlay -o lowerdir={1},upperdir={2}/{0},workdir={2}/work/{0} {1}"
            mounts = [overlay.format(layer, path, fs) for layer, path in LAYERS.items()] + mounts
        script = " && ".join([*mounts, "cd /", 'exec "$@"'])
        with open(self._logs / f"{self.name}.{name}.log", "ab") as log:
            # Envoy opens /dev/stdout anew, as its own user.
            os.chmod(log.name, 0o666)
            return subprocess.Popen(
                ["ip", "netns", "exec", self.network, "unshare", "-m", "sh", "-c", script, "sh", *command],
                env={"PATH": "/media/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/"} | variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _environment(self, container: Object) -> dict[str, str]:
        return environment(container, self.described, self.address)

    def _arguments(self, container: Object) -> list[str]:
        return arguments(container, self._environment(container))

    def _is_ready(self) -> bool:
        if any(process.poll() is not None for process in self._processes):
            return False
        if not self._has_proxy:
            return True
        probe = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", "2"]
        probe.append(f"http://{self.address}:15021/healthz/ready")
        return subprocess.run(probe, capture_output=True, text=True, check=False).stdout == "200"

    def _status(self, is_ready: bool) -> Object:
        ready = {"Initialized": True, "PodScheduled": True, "ContainersReady": is_ready, "Ready": is_ready}
        spec = self.described["spec"]

        def containers(described: list[Object]) -> list[Object]:
            return [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "imageID": "",
                    "ready": is_ready,
                    "started": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": self.started}},
                }
                for container in described
            ]

        return {
            "phase": "Running",
            "hostIP": GATEWAY,
            "podIP": self.address,
            "podIPs": [{"ip": self.address}],
            "startTime": self.started,
            "conditions": [
                {"type": name, "status": str(holds), "lastTransitionTime": now()} for name, holds in ready.items()
            ],
            "containerStatuses": containers(spec["containers"]),
            "initContainerStatuses": containers(spec.get("initContainers", [])),
        }


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def quoted(entries: dict[str, str]) -> str:
    """Labels or annotations as the downward API writes them."""
    return "".join(f"{key}={json.dumps(value)}\n" for key, value in sorted(entries.items()))


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signals a process and what it has started."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass


def kill(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
