"""Cases kept through the pages of the policy desk, for tests about what comes after: each as the engine proposes it."""

import re
from html import unescape

from tests.factories.pages import Visitor

BAD = re.compile(r'mp-cases__one--bad.*?name="retire" value="([0-9a-f-]{36})"', re.DOTALL)
ROW = re.compile(
    r'mp-proposed__says.*?tag-(yes|no|maybe)".*?name="(expected-\d+)".*?name="(name-\d+)" value="([^"]*)"'
    r'.*?name="(facts-\d+)" value="([^"]*)".*?name="(day-\d+)" value="([^"]*)"',
    re.DOTALL,
)
VERDICTS = {"yes": "eligible", "no": "ineligible", "maybe": "undetermined"}


async def keep_cases(admin: Visitor, version: str) -> None:
    """Retire what does not hold, and keep every proposal as the engine judges it."""
    address = f"{version}/cases"
    for case in BAD.findall((await admin.get(address)).text):
        assert (await admin.post(address, {"retire": case})).status_code == 303
    fields: dict[str, str] = {}
    for tag, expected, *rest in ROW.findall((await admin.get(address)).text):
        fields[expected] = VERDICTS[tag]
        fields |= {name: unescape(value) for name, value in zip(rest[::2], rest[1::2], strict=True)}
    if fields:
        answer = await admin.post(address, fields)
        assert answer.status_code == 303, answer.text
