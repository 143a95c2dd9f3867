#!/usr/bin/env python3
"""kubelet.py TOKEN: a kubelet without containers, and a scheduler.

It binds every pod to the node `lab`, gives it a network namespace on the bridge, and runs in it the init container
istio-init and the container istio-proxy with the very arguments and environment that Istio's injector wrote. The echo
backend takes the place of every other container. It also does the work of kube-proxy and of the cluster's DNS.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from typing import Callable

from api import Api, Object
from pod import Pod
from services import Services

# Between two looks at the cluster, in seconds.
PERIOD = 0.3
# The last byte of the pods' addresses.
NUMBERS = range(10, 250)


class Kubelet:
    """The pods that run here, by their uid."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._services = Services(api)
        self._pods: dict[str, Pod] = {}

    def look(self) -> None:
        """Brings what runs in line with what the API server has."""
        if self._services.refresh():
            for pod in list(self._pods.values()):
                pod.write_hosts()
        described = {pod["metadata"]["uid"]: pod for pod in self._api.items("/api/v1/pods")}
        for uid, pod in described.items():
            if pod["metadata"].get("deletionTimestamp"):
                self._end(uid, pod)
            elif uid not in self._pods:
                self._begin(pod)
            else:
                self._pods[uid].report()
        for uid in [uid for uid in self._pods if uid not in described]:
            self._stop(self._pods[uid])

    def _begin(self, described: Object) -> None:
        metadata = described["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        if not described["spec"].get("nodeName"):
            binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": metadata["name"]}}
            self._api.post(f"{path}/binding", binding | {"target": {"kind": "Node", "name": "lab"}})
        taken = {pod.number for pod in self._pods.values()}
        number = next(number for number in NUMBERS if number not in taken)
        pod = Pod(described, number, self._api, self._services)
        self._pods[pod.uid] = pod
        in_background(pod.start)

    def _end(self, uid: str, described: Object) -> None:
        """Ends a pod that the API server wants gone, and says so when it is."""
        metadata = described["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        gone = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
        if uid not in self._pods:
            self._api.delete(path, gone)
        else:
            self._stop(self._pods[uid], lambda: self._api.delete(path, gone))

    def _stop(self, pod: Pod, then: Callable[[], object] = lambda: None) -> None:
        if pod.is_going:
            return
        pod.is_going = True

        def work() -> None:
            pod.stop()
            then()
            self._pods.pop(pod.uid, None)

        in_background(work)


def in_background(work: Callable[[], object]) -> None:
    """Runs something in a thread; what goes wrong is in the log."""

    def guarded() -> None:
        try:
            work()
        except Exception:
            traceback.print_exc()

    threading.Thread(target=guarded, daemon=True).start()


def main() -> None:
    kubelet = Kubelet(Api(sys.argv[1]))
    while True:
        try:
            kubelet.look()
        except Exception:
            # The API server is not there yet, or busy: the next look finds it.
            traceback.print_exc()
        time.sleep(PERIOD)


main()
