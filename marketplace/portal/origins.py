"""Where a policy's text can be looked up, which pages it was compared with, and what that is worth: said in one way.

An address of a document is never made up. The pack names pages that were read, mostly copies on other sites; only those
of public bodies are linked, because nobody here can answer for the rest, and each issuer's own site is where to look.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import yaml

from marketplace.shipped import DATA

ADDRESS = re.compile(r"\b((?:[a-z0-9-]+\.)+[a-z]{2,})((?:/[^\s();,]*)?)", re.IGNORECASE)
DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
PUBLIC = ".gov.cn"
WEAKEST = ("illustrative", "check", "confident")


@dataclass(frozen=True, slots=True)
class Site:
    """Where an issuer's texts are looked up."""

    name: str
    address: str
    zh: str
    en: str

    def called(self, lang: str) -> str:
        """What the site is called."""
        return self.en if lang.startswith("en") else self.zh


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was read. address: as it was noted; link: where it leads, for a page of a public body only."""

    address: str
    link: str | None
    dated: date | None


@dataclass(frozen=True, slots=True)
class Origin:
    """said: how the text was checked, a key under `origin`; pages: those it was compared with; site: where to look."""

    said: str
    pages: Sequence[Page]
    site: Site


def origin(text: Mapping[str, Any]) -> Origin:
    """Of a policy's content (`issuer`, `sources`, `checked`)."""
    marks = {str(source["mark"]) for source in text["sources"]} or {str(text["checked"])}
    weakest = next((mark for mark in WEAKEST if mark in marks), "seen")
    seen = "seen" in marks and weakest in ("check", "confident")
    read = [page for source in text["sources"] if source["mark"] == "seen" for page in _pages(source["text"])]
    said = f"seen_{weakest}" if seen else weakest
    return Origin(said, list(dict.fromkeys(read)), site_of(str(text["issuer"])))


def site_of(issuer: str) -> Site:
    """Where the texts of whoever stands first among the issuers are looked up."""
    return next(site for site in sites() if issuer.startswith(site.name))


@cache
def sites() -> Sequence[Site]:
    """In the order in which they are tried; the last one holds for everybody."""
    listed = yaml.safe_load((DATA / "issuers.yaml").read_text(encoding="utf-8"))
    return tuple(Site(**entry) for entry in listed["sites"])


def _pages(noted: str) -> list[Page]:
    """Pages an editor noted; a place that is only named by its site has no link."""
    dated = _day_in(noted)
    return [
        Page(f"{host}{path}", f"https://{host}{path}" if path and host.endswith(PUBLIC) else None, dated)
        for host, path in ADDRESS.findall(noted)
    ]


def _day_in(noted: str) -> date | None:
    for found in DAY.findall(noted):
        try:
            return date.fromisoformat(found)
        except ValueError:
            continue
    return None
