"""From a publication to the inbox: two admins publish, the owner reads what newly applies and why, and stops e-mail.

With the real command: servers, worker and all.
"""

import time
from collections.abc import Callable

import pytest

from tests.journeys.browser import Person
from tests.journeys.conftest import Service
from tests.journeys.readying import ready

pytestmark = pytest.mark.browser
POLICY = "SD-RENT-2020-4"
PATIENCE = 60.0


def until(person: Person, address: str, words: str) -> None:
    """Look again until a page says something."""
    end = time.monotonic() + PATIENCE
    while True:
        person.page.goto(person.base + address)
        if words in person.text:
            return
        assert time.monotonic() < end, f"{address} never said {words!r}: {person.text[:2000]}"
        time.sleep(0.5)


def test_a_publication_is_read_in_the_inbox_with_its_reason(
    arrives: Callable[..., Person], service: Service
) -> None:
    writer = arrives().sign_in("admin-1")
    writer.open(f"/admin/policies/{POLICY}?lang=zh")
    writer.page.fill("main [name=rule]", 'province_code == "370000"')
    writer.page.fill("main [name=effective_to]", "2020-12-31")
    writer.press("button[name=save]")
    ready(service, POLICY, "admin-1")
    writer.press("main button[value=submit]")
    address = writer.path
    second = arrives().sign_in("admin-2")
    second.open(address)
    second.press("main button[value=publish]")
    until(second, f"/admin/pushes?policy={POLICY}&lang=zh", "完成")
    second.look()

    owner = arrives().sign_in("owner")
    until(owner, "/inbox?kind=policy&lang=zh", "新符合")
    owner.look()
    assert "条未读" in owner.text
    owner.press(".mp-inbox h2 a")
    assert "为什么符合" in owner.text
    assert "山东省" in owner.text
    owner.press("main button[value=claimed]")
    assert "你标了已办理" in owner.text


def test_the_settings_are_told_plainly_and_work_without_script(arrives: Callable[..., Person]) -> None:
    owner = arrives(java_script_enabled=False, viewport={"width": 390, "height": 844}).sign_in("owner2")
    owner.open("/inbox/settings?lang=zh")
    assert "没有设邮件服务器" in owner.text
    owner.choose(personalised="no")
    owner.press("main form[action='/inbox/settings'] button.govuk-button")
    assert "已保存" in owner.text
    assert owner.page.is_checked("[name=personalised][value=no]")
    owner.choose(personalised="yes").press("main form[action='/inbox/settings'] button.govuk-button")
    owner.open("/inbox?lang=en")
    assert "Messages" in owner.heading
