"""Lighthouse over the pages people see most, of a service that runs: `make lighthouse`, or tools/lighthouse.py URL.

Not in `make test`: scores of a shared machine swing, so they are read by people. Exits 1 below 95 in any category.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.journeys.browser import chromium, launch

VERSION = "12"
LEAST = 95
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
PRESETS: Mapping[str, list[str]] = {"mobile": [], "desktop": ["--preset=desktop"]}
ANSWERED = "CN-VAT-2019-13-1"
OWNER = "owner"
OWN = re.compile(r"/account/enterprises/([0-9a-f-]{36})")
PAGES: Mapping[str, tuple[str, str]] = {
    "home": ("nobody", "/"),
    "check": ("nobody", "/check"),
    "result": ("visitor", "/check/result"),
    "policies": ("nobody", "/policies"),
    "a policy": ("nobody", f"/policies/{ANSWERED}"),
    "loans": ("nobody", "/loans"),
    "sign in": ("nobody", "/login"),
    "enterprise": ("owner", "/account/enterprises/{enterprise}"),
}


def main(base: str, *only: str) -> int:
    """Print a Markdown table of the scores, of the pages named or of all; say what costs points below."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        cookies, paths = people(browser, base)
        browser.close()
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%d}\n\n| page | {' | '.join(PRESETS)} |\n|---|---|---|\n")
    low: list[str] = []
    for name, (who, _) in PAGES.items():
        if only and name not in only:
            continue
        cells = []
        for preset, options in PRESETS.items():
            report = measured(base + paths[name], cookies[who], options)
            scores = [round(100 * report["categories"][each]["score"]) for each in CATEGORIES]
            cells.append(" ".join(map(str, scores)))
            low += [f"{name}, {preset}: {line}" for line in lost(report)] if min(scores) < LEAST else []
        sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")
        sys.stdout.flush()
    sys.stdout.write("".join(f"\n{line}" for line in low) + "\n")
    return 1 if low else 0


def people(browser: Browser, base: str) -> tuple[dict[str, str], dict[str, str]]:
    """The cookies of a visitor with answers and of a demo owner, and each page's address."""
    visitor = browser.new_context().new_page()
    visitor.goto(f"{base}/policies/{ANSWERED}")
    visitor.check("[name=vat_taxpayer_type][value=small_scale]")
    with visitor.expect_navigation():
        visitor.locator(".mp-pv__form button").click()
    owner = browser.new_context().new_page()
    home = Path(os.environ.get("MARKETPLACE_HOME", "var"))
    known = json.loads((home / "demo-credentials.json").read_text(encoding="utf-8"))
    account = next(one for one in known["accounts"] if one["username"].startswith(OWNER))
    owner.goto(f"{base}/login")
    owner.fill("main [name=username]", account["username"])
    owner.fill("main [name=password]", account["password"])
    with owner.expect_navigation():
        owner.locator("main form button").click()
    owner.goto(f"{base}/account")
    links = [str(link.get_attribute("href")) for link in owner.locator("main a").all()]
    enterprise = next(found[1] for link in links if (found := OWN.match(link)))
    paths = {name: path.format(enterprise=enterprise) for name, (_, path) in PAGES.items()}
    return {"nobody": "", "visitor": cookie(visitor), "owner": cookie(owner)}, paths


def cookie(page: Page) -> str:
    """What the browser would send."""
    return "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())


def measured(address: str, cookies: str, options: list[str]) -> dict[str, dict[str, dict[str, float]]]:
    """Lighthouse's report of one page; asked once more where the browser did not keep up.

    Raises CalledProcessError with what it says when it cannot.
    """
    with tempfile.TemporaryDirectory() as folder:
        headers = Path(folder) / "headers.json"
        headers.write_text(json.dumps({"Cookie": cookies} if cookies else {}), encoding="utf-8")
        command = os.environ.get("LIGHTHOUSE", f"npx --yes lighthouse@{VERSION}").split()
        run = partial(
            subprocess.run,
            [
                *command, address, "--quiet", "--output=json", f"--output-path={folder}/report.json",
                f"--extra-headers={headers}", f"--only-categories={','.join(CATEGORIES)}",
                "--chrome-flags=--headless=new --no-sandbox --disable-gpu", *options,
            ],
            env={**os.environ, "CHROME_PATH": chromium()}, timeout=180,
        )  # fmt: skip
        if run().returncode:
            run(check=True)
        found: dict[str, dict[str, dict[str, float]]] = json.loads(
            Path(f"{folder}/report.json").read_text(encoding="utf-8")
        )
        return found


def lost(report: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Iterator[str]:
    """The audits that cost points, with what they weigh."""
    for name in CATEGORIES:
        for ref in report["categories"][name]["auditRefs"]:  # type: ignore[attr-defined]
            audit = report["audits"][ref["id"]]
            score = audit.get("score")
            if ref["weight"] and isinstance(score, int | float) and score < 1:
                yield f"{name}: {ref['id']} {audit.get('displayValue', '')} (weight {ref['weight']})"


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["http://127.0.0.1:8000"])))
