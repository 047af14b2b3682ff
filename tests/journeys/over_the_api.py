"""The way to a later page taken over the API, where a test is about that later page only.

The same rooms and refusals as the pages', without a browser's time.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

from tests.factories.enterprises import draft
from tests.factories.lending import FACTS


class Api:
    """A person's calls to the running service."""

    def __init__(self, base: str, passwords: Mapping[str, str], username: str) -> None:
        self.base, self.token = base, ""
        asked = {"username": username, "password": passwords[username]}
        self.token = self.send("POST", "/auth/token", asked)["access_token"]

    def send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """One call; its answer as JSON. Raises HTTPError for a refusal."""
        headers = {"content-type": "application/json", "idempotency-key": str(uuid4())}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        data = json.dumps(body).encode()
        request = Request(f"{self.base}/api/v1{path}", data=data, headers=headers, method=method)
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def need(self) -> tuple[str, str]:
        """A new enterprise that fits the tax loan and its need: their ids."""
        enterprise = self.send("POST", "/enterprises", draft())["id"]
        self.send("PUT", f"/enterprises/{enterprise}/facts", {"facts": FACTS})
        asked = {
            "enterprise_id": enterprise,
            "amount_yuan": 300_000,
            "term_months": 12,
            "purpose": "购进原料",
        }
        return enterprise, self.send("POST", "/financing-requests", asked)["id"]

    def application(self) -> str:
        """An application for the tax loan of CCB: its id."""
        _, need = self.need()
        consent = {
            "bank_id": "ccb",
            "purpose": "loan_application",
            "data_categories": ["enterprise_identity", "enterprise_facts", "financing_request"],
        }
        asked = {"financing_request_id": need, "product_id": "CCB-YSD", "consent": consent}
        return str(self.send("POST", "/applications", asked)["id"])
