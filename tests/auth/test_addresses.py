"""Whose address is counted: behind trusted proxies the caller's, from anybody else the peer's whatever he claims."""

from contextlib import AsyncExitStack
from dataclasses import replace
from ipaddress import ip_network

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from auth import limits
from auth.addresses import caller
from marketplace.app import create_app
from marketplace.settings import Settings, SettingsError
from tests.auth.clock import Clock
from tests.factories.browser import running
from tests.factories.people import person, try_password

TRUSTED = (ip_network("10.0.0.0/24"), ip_network("192.0.2.7"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize(
    ("peer", "said", "counted"),
    [
        ("198.51.100.1", [], "198.51.100.1"),
        ("198.51.100.1", ["203.0.113.9"], "198.51.100.1"),
        ("198.51.100.1", ["10.0.0.5, 10.0.0.6"], "198.51.100.1"),
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.5", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.5", ["1.1.1.1", "203.0.113.9, 192.0.2.7"], "203.0.113.9"),
        ("10.0.0.5", ["10.0.0.7, 10.0.0.6"], "10.0.0.7"),
        ("10.0.0.5", ["203.0.113.9:5123"], "203.0.113.9"),
        ("10.0.0.5", ["[2001:db9::1]:443"], "2001:db9::1"),
        ("::ffff:10.0.0.5", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("2001:db8::1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.5", ["203.0.113.9, unknown"], "10.0.0.5"),
        ("10.0.0.5", ["203.0.113.9, <b>, 10.0.0.6"], "10.0.0.6"),
        ("10.0.0.5", [""], "10.0.0.5"),
        ("unknown", ["203.0.113.9"], "unknown"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_of_ours_is_counted(
    peer: str, said: list[str], counted: str
) -> None:
    assert caller(peer, said, TRUSTED) == counted
    assert caller(peer, said, ()) == peer


def test_the_setting_is_a_list_of_addresses_and_networks() -> None:
    assert Settings.from_env({}).trusted_proxies == ()
    read = Settings.from_env({"TRUSTED_PROXIES": "10.0.0.0/24, 192.0.2.7 2001:db8::/32"})
    assert tuple(map(ip_network, read.trusted_proxies)) == TRUSTED
    for wrong in ("proxy.example", "10.0.0.1/24", "0.0.0.0/0", "::/0"):
        with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
            Settings.from_env({"TRUSTED_PROXIES": wrong})


async def test_callers_behind_our_proxy_do_not_share_a_limit_and_nobody_else_can_claim_to_be_behind_it(
    settings: Settings, clock: Clock, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_USERNAME_AND_ADDRESS", 2)  # each guess costs a third of a second
    await person(session, clock(), username="xiaoyu")
    trusting = create_app(replace(settings, trusted_proxies=tuple(map(str, TRUSTED))), clock=clock)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(trusting))
        proxy, stranger = [
            await stack.enter_async_context(
                AsyncClient(
                    transport=ASGITransport(app=trusting, client=(address, 1)),  # type: ignore[arg-type]
                    base_url="http://127.0.0.1:8000",
                )
            )
            for address in ("10.0.0.5", "198.51.100.1")
        ]
        for client, expected in ((proxy, 401), (stranger, 429)):
            for attempt in range(3):
                claim = {"X-Forwarded-For": f"203.0.113.{attempt}"}
                answer = await try_password(client, "xiaoyu", "wrong", headers=claim)
            assert answer.status_code == expected
        for attempt in range(3):
            spoofed = {"X-Forwarded-For": f"1.1.1.{attempt}, 203.0.113.200"}
            answer = await try_password(proxy, "xiaoyu", "wrong", headers=spoofed)
        assert answer.status_code == 429
