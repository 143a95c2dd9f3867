"""The API server, as the stand-in kubelet asks it."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"
PORT = 6443
# One object of Kubernetes, as JSON.
Object = dict[str, Any]

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True)
class Answer:
    """What the API server said."""

    status: int
    body: Object

    @property
    def is_found(self) -> bool:
        return self.status == 200


class Api:
    """A client with one connection for each thread."""

    def __init__(self, token: str) -> None:
        self._headers = {"authorization": f"Bearer {token}"}
        # The API server makes its own certificate at each start.
        self._tls = ssl._create_unverified_context()
        self._local = threading.local()

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def items(self, path: str) -> list[Object]:
        """The objects of a list."""
        return self.get(path).body["items"]

    def post(self, path: str, body: Object) -> Answer:
        return self._ask("POST", path, body)

    def patch(self, path: str, body: Object) -> Answer:
        return self._ask("PATCH", path, body, MERGE_PATCH)

    def delete(self, path: str, body: Object) -> Answer:
        return self._ask("DELETE", path, body)

    def token(self, namespace: str, account: str, audience: str) -> str:
        """A token of a service account, for a day."""
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [audience], "expirationSeconds": 86400},
        }
        answer = self.post(f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token", request)
        return answer.body["status"]["token"]

    def _ask(self, method: str, path: str, body: Object | None = None, kind: str = JSON) -> Answer:
        text = None if body is None else json.dumps(body)
        try:
            answer = self._once(method, path, text, kind)
        except (http.client.HTTPException, OSError):
            # The API server closes connections that it has not seen used for long.
            self._local.connection = None
            answer = self._once(method, path, text, kind)
        # 404 and 409: somebody else was faster, which the next round of the kubelet sees.
        if answer.status >= 300 and answer.status not in (404, 409):
            print(method, path, answer.status, answer.body.get("message"), flush=True)
        return answer

    def _once(self, method: str, path: str, text: str | None, kind: str) -> Answer:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection(HOST, PORT, timeout=20, context=self._tls)
            self._local.connection = connection
        connection.request(method, path, body=text, headers=self._headers | {"content-type": kind})
        response = connection.getresponse()
        return Answer(response.status, json.loads(response.read() or b"{}"))
