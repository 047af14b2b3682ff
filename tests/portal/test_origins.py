"""What is told of where a policy comes from: pages that were read, where to look, and by whom it was checked."""

from datetime import date
from urllib.parse import urlsplit

import pytest

from marketplace.i18n import translate
from marketplace.portal.origins import Page, origin, site_of, sites
from marketplace.shipped import shipped_policies

SHIPPED = {policy["id"]: policy for policy in shipped_policies()}


def told(*sources: tuple[str, str]) -> str:
    """The wording for these marks."""
    listed = [{"mark": mark, "text": text} for mark, text in sources]
    return origin({"issuer": "财政部", "sources": listed, "checked": "seen"}).said


@pytest.mark.parametrize("policy", SHIPPED)
def test_every_policy_leads_to_a_public_body_and_never_to_a_document_nobody_noted(policy: str) -> None:
    found = origin(SHIPPED[policy])
    noted = " ".join(source["text"] for source in SHIPPED[policy]["sources"])
    assert urlsplit(found.site.address).path in ("/", "/zhengce/")
    assert found.site.name != "", "an issuer of the shipped pack has no site of its own"
    for page in found.pages:
        assert page.address in noted
        assert page.link in (None, f"https://{page.address}")
        assert page.link is None or urlsplit(page.link).hostname.endswith(".gov.cn")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_every_wording_says_who_wrote_it_and_that_nobody_saw_the_original(lang: str) -> None:
    who = "本站编写人员" if lang == "zh-CN" else "Our editors"
    for said in {origin(policy).said for policy in SHIPPED.values()}:
        words = translate(lang, f"origin.said.{said}")
        assert words.startswith(who)
        assert said == "illustrative" or ("原文" in words or "original" in words)


def test_the_weakest_mark_decides_and_pages_that_were_read_are_told_beside_it() -> None:
    assert told(("seen", "seen: a.gov.cn/x")) == "seen"
    assert told(("seen", "seen: a.gov.cn/x"), ("confident", "memory")) == "seen_confident"
    assert told(("confident", "memory"), ("check", "memory")) == "check"
    assert told(("seen", "seen: a.gov.cn/x"), ("illustrative", "made up")) == "illustrative"
    assert told() == "seen"


def test_only_a_whole_address_of_a_public_body_is_linked() -> None:
    text = "seen: www.a.gov.cn/x/1.html (full), b.com/y.html 2020-02-07, fgw.c.gov.cn t5794399"
    found = origin({"issuer": "财政部", "sources": [{"mark": "seen", "text": text}], "checked": "seen"})
    day = date(2020, 2, 7)
    assert found.pages == [
        Page("www.a.gov.cn/x/1.html", "https://www.a.gov.cn/x/1.html", day),
        Page("b.com/y.html", None, day),
        Page("fgw.c.gov.cn", None, day),
    ]


def test_who_is_unknown_is_looked_up_at_the_governments_library() -> None:
    assert site_of("某县人民政府") is sites()[-1]
    assert site_of("财政部 税务总局").called("zh-CN") == "国家税务总局政策法规库"
    assert site_of("财政部 人社部 人民银行").called("en") == "the Ministry of Finance's site"
