"""What a pod's description says about the environment and the arguments of its containers."""

from __future__ import annotations

import re

from api import Object
from services import GATEWAY

# What a container may use, as far as it asks.
RESOURCES = {"limits.cpu": "2", "limits.memory": str(1 << 30)}


def environment(container: Object, pod: Object, address: str) -> dict[str, str]:
    """The environment of a container."""
    found: dict[str, str] = {}
    for variable in container.get("env", []):
        source = variable.get("valueFrom", {})
        if "value" in variable:
            value = variable["value"]
        elif "fieldRef" in source:
            value = field(pod, source["fieldRef"]["fieldPath"], address)
        elif "resourceFieldRef" in source:
            value = RESOURCES.get(source["resourceFieldRef"]["resource"], "")
        else:
            continue
        found[variable["name"]] = expand(value, found)
    return found


def arguments(container: Object, variables: dict[str, str]) -> list[str]:
    """The arguments of a container."""
    return [expand(argument, variables) for argument in container.get("args", [])]


def expand(text: str, variables: dict[str, str]) -> str:
    """Puts in the variables that are written as `$(NAME)`."""
    return re.sub(r"\$\((\w+)\)", lambda match: variables.get(match.group(1), match.group(0)), text)


def field(pod: Object, path: str, address: str) -> str:
    """A field of the pod, as the downward API names it."""
    metadata, spec = pod["metadata"], pod["spec"]
    entry = re.match(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if entry:
        return metadata.get(entry.group(1), {}).get(entry.group(2), "")
    return {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": "lab",
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.hostIP": GATEWAY,
        "status.podIP": address,
        "status.podIPs": address,
    }.get(path, "")
