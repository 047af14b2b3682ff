"""An owner's accountant and agent: invited by a code, working in what they may, gone when the owner says so.

At a desk with script for the owner, on a phone without for the others; every page is looked over.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.browser import Person

pytestmark = pytest.mark.browser
HERE = ZoneInfo("Asia/Shanghai")
PHONE = {"java_script_enabled": False, "viewport": {"width": 390, "height": 844}}
CODE = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}")


def home_of(owner: Person) -> str:
    """The address of the owner's first enterprise."""
    owner.open("/account?lang=zh")
    found = owner.page.locator("article h3 a").first.get_attribute("href")
    assert found
    return found


def invited(owner: Person, home: str, part: str) -> str:
    """A fresh code; an agent's is for facts, until tomorrow."""
    owner.open(f"{home}/people")
    owner.page.fill("#invited", "小李")
    owner.page.check(f"main [name=part][value={part}]")
    if part == "agent":
        owner.page.check("#matter_facts")
        owner.page.fill("#last", (datetime.now(HERE) + timedelta(days=1)).date().isoformat())
    owner.press("main form[action$=invite] button.govuk-button")
    owner.look()
    code = CODE.search(owner.text)
    assert code
    return code[0]


def joined(person: Person, code: str) -> None:
    """Take the code up."""
    person.open("/account/invitation?lang=zh")
    person.page.fill("#code", code)
    person.press("main form button.govuk-button")
    assert "替 " in person.text
    person.look()
    person.press("main form button.govuk-button")
    person.look()


def test_an_accountant_sends_a_sheet_and_is_removed(arrives: Callable[..., Person]) -> None:
    owner, accountant = arrives().sign_in("owner"), arrives(**PHONE).sign_in("owner2")
    home = home_of(owner)
    owner.open(home)
    owner.look()
    joined(accountant, invited(owner, home, "editor"))
    accountant.open(f"{home}/import?lang=zh")
    sheet = "代码,填写\nemployees_end,27\nowner_age,老\n".encode()
    accountant.page.set_input_files("#file", {"name": "f.csv", "mimeType": "text/csv", "buffer": sheet})
    accountant.press("main form button.govuk-button")
    assert "27 人" in accountant.text
    assert "B3" in accountant.text
    accountant.press("main form button.govuk-button")
    assert "从表格保存了 1 项信息" in accountant.text
    owner.open(f"{home}/fact/employees_end")
    assert "27 人" in owner.text
    owner.look()
    owner.open(f"{home}/people")
    owner.look()
    owner.press("main li:nth-child(2) form[action$=remove] button")
    assert accountant.page.goto(accountant.base + home).status == 404  # type: ignore[union-attr]


def test_an_agent_acts_in_what_is_named_and_the_log_says_so(arrives: Callable[..., Person]) -> None:
    owner, agent = arrives().sign_in("owner"), arrives(**PHONE).sign_in("owner2")
    home = home_of(owner)
    joined(agent, invited(owner, home, "agent"))
    assert "帮办代办人" in agent.text
    agent.open(f"{home}/facts/size?lang=zh")
    agent.page.fill("#employees_end", "31")
    agent.press("main form button.govuk-button")
    assert agent.page.goto(f"{agent.base}/check/result?enterprise={home.rpartition('/')[2]}").status == 403  # type: ignore[union-attr]
    owner.open(home)
    assert "帮办代办人" in owner.text
    owner.look()
