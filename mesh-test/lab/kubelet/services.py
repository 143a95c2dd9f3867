"""What kube-proxy and the cluster's DNS do: addresses and names of Services."""

from __future__ import annotations

import subprocess
from typing import Iterator

from api import Api, Object

# The address of the control plane on the pods' bridge.
GATEWAY = "10.244.0.1"
# istiod runs as a process, without a pod: these are the ports where it listens.
ISTIOD_PORTS = {443: 15017}

RULES = """*nat
:SVC - [0:0]
-A PREROUTING -j SVC
-A OUTPUT -j SVC
{rules}
-A POSTROUTING -m conntrack --ctstate DNAT -j MASQUERADE
COMMIT
"""


class Services:
    """The Services of the cluster, as they were seen last."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._services: list[Object] = []
        self._applied: tuple[list[str], str] | None = None

    def refresh(self) -> bool:
        """Reads the Services, and puts their addresses into force. True: something has changed."""
        self._services = self._api.items("/api/v1/services")
        slices = self._api.items("/apis/discovery.k8s.io/v1/endpointslices")
        rules = [rule for service in self._services for rule in forwarding(service, slices)]
        state = (rules, self.hosts(""))
        if state == self._applied:
            return False
        subprocess.run(["iptables-restore"], input=RULES.format(rules="\n".join(rules)), text=True, check=True)
        self._applied = state
        return True

    def hosts(self, namespace: str) -> str:
        """The hosts file for the pods of a namespace."""
        istiod = "istiod.istio-system.svc"
        lines = ["127.0.0.1 localhost", f"{GATEWAY} {istiod} {istiod}.cluster.local registry.lab outside.lab"]
        for service in self._services:
            name, own = service["metadata"]["name"], service["metadata"]["namespace"]
            if has_address(service) and name != "istiod":
                names = [f"{name}.{own}.svc.cluster.local", f"{name}.{own}.svc", f"{name}.{own}"]
                names += [name] if own == namespace else []
                lines.append(" ".join([service["spec"]["clusterIP"], *names]))
        return "\n".join(lines) + "\n"


def has_address(service: Object) -> bool:
    return service["spec"].get("clusterIP") not in (None, "", "None")


def forwarding(service: Object, slices: list[Object]) -> Iterator[str]:
    """The rules of iptables that lead from the address of a Service to its endpoints, in equal parts."""
    if not has_address(service):
        return
    for port in service["spec"].get("ports", []):
        if port.get("protocol", "TCP") != "TCP":
            continue
        targets = sorted(endpoints(service, port, slices))
        for index, (address, target) in enumerate(targets):
            left = len(targets) - index
            share = f"-m statistic --mode random --probability {1 / left:.5f} " if left > 1 else ""
            yield (
                f"-A SVC -d {service['spec']['clusterIP']}/32 -p tcp --dport {port['port']} {share}"
                f"-j DNAT --to-destination {address}:{target}"
            )


def endpoints(service: Object, port: Object, slices: list[Object]) -> Iterator[tuple[str, int]]:
    """Where one port of a Service is served."""
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    if name == "istiod":
        yield GATEWAY, ISTIOD_PORTS.get(port["port"], port["port"])
        return
    for one in slices:
        owner = one["metadata"].get("labels", {}).get("kubernetes.io/service-name")
        if owner != name or one["metadata"]["namespace"] != namespace:
            continue
        ports = [p["port"] for p in one.get("ports") or [] if (p.get("name") or "") == (port.get("name") or "")]
        for endpoint in one.get("endpoints") or []:
            if ports and endpoint.get("conditions", {}).get("ready", True):
                yield endpoint["addresses"][0], ports[0]
