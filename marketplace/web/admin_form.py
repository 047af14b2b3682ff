"""A version as the fields of the editor's form, and the form as a draft; what nobody edits here stays as it was.

Fields that belong together (sources, families, exclusions by scope) are one unit, so that two edits meet unit by unit.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from marketplace.portal import places
from marketplace.portal.codes import named, regions
from marketplace.web.admin_builder_bench import Bench
from policies.drafting import FAMILIES, weakest, with_own
from policies.schemas import VersionRead

LINES = (
    "name_zh", "name_en", "rule", "issued_on", "effective_from", "effective_to", "eligibility_zh", "eligibility_en",
    "clause_zh", "clause_en", "note", "title_zh", "title_en", "level", "issuer", "document_no", "category",
)  # fmt: skip
BENEFIT = ("benefit_type", "amount", "per", "basis_zh", "basis_en", "counts")
AT_MOST = "at_most"
FAMILY = ("id", "document_no", "among", "from", "to", "members")
INPUT = ("name", "type", "label_zh", "label_en", "minimum", "maximum")
INPUT_TYPES = ("money", "int", "decimal", "date")
UNIT_OF = {"money": "CNY yuan"}
SCOPE = "scope."
NATIONWIDE = "000000"
MOST_LISTED = 40


def values_of(version: VersionRead, lang: str) -> dict[str, str]:
    """A version as its form has it."""
    values = {name: _shown(getattr(version, name)) for name in LINES}
    benefit = version.benefit
    values |= {
        "region_code": area_words(version.region_code, lang),
        "benefit_type": str(benefit.get("type", "")),
        **{name: _shown(benefit.get(name)) for name in BENEFIT if name != "benefit_type"},
        "exclusions": "\n".join(version.exclusions),
        "seen_sha256": version.content_sha256,
    }
    if benefit.get("at_most"):
        values[AT_MOST] = "1"
    values |= {f"{SCOPE}{other}": scope for other, scope in (benefit.get("exclusive_per") or {}).items()}
    values |= numbered("source", version.sources)
    own = [{key: one.get(key) for key in INPUT} for one in benefit.get("inputs") or ()]
    values |= numbered("input", own)
    return values | numbered("family", [_family_shown(one) for one in version.relations.get(FAMILIES) or ()])


def numbered(name: str, entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Entries of a list as fields `name.0.key`."""
    return {f"{name}.{at}.{key}": _shown(entry[key]) for at, entry in enumerate(entries) for key in entry}


def listed(
    form: Mapping[str, str], name: str, keys: Sequence[str], set_apart: str = "mark"
) -> list[dict[str, str]]:
    """The entries of a list as a form has them, without those nothing is said of but the choice `set_apart`."""
    found = [
        {key: form.get(f"{name}.{at}.{key}", "").strip() for key in keys}
        for at in range(MOST_LISTED)
        if any(f"{name}.{at}.{key}" in form for key in keys)
    ]
    said = [key for key in keys if key != set_apart]
    return [one for one in found if any(one[key] for key in said)]


def _family_shown(entry: Mapping[str, Any]) -> dict[str, str]:
    return {key: " ".join(entry[key]) if key == "members" else str(entry.get(key, "")) for key in FAMILY}


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def area_words(code: str, lang: str) -> str:
    """An area as its field shows it: the code with its name."""
    found = regions().get(code)
    return f"{code} {named(found, lang)}" if found else code


def area_meant(text: str) -> str:
    """The code of the area that was typed, by its code or its name; else what was typed."""
    typed = text.strip()
    if code := re.match(r"[0-9]{6}(?=\s|$)", typed):
        return code.group()
    nation = regions()[NATIONWIDE]
    if typed.lower() in (nation.name, named(nation, "en").lower(), "全国"):
        return NATIONWIDE
    place = places.meant(typed)
    return place.code if place else typed


def draft_of(form: Mapping[str, str], bench: Bench, base: VersionRead | None) -> dict[str, object]:
    """What a form says, as the draft model takes it."""
    found: dict[str, object] = {name: form.get(name, "").strip() for name in LINES}
    for name in ("effective_to", "note"):
        found[name] = found[name] or None
    sources = listed(form, "source", ("mark", "text"))
    exclusions = form.get("exclusions", "").split()
    return {
        **found,
        "rule": bench.text.strip(),
        "region_code": area_meant(form.get("region_code", "")),
        "exclusions": exclusions,
        "sources": sources,
        "checked": weakest(sources),
        "benefit": _benefit(form, exclusions, base.benefit if base else {}),
        "relations": with_own(base.relations if base else {}, bench.citations, _families(form)),
    }


def _benefit(form: Mapping[str, str], exclusions: Sequence[str], base: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: form.get(name, "").strip() for name in BENEFIT if name != "benefit_type"}
    kept = {
        name: value for name, value in base.items() if name not in (*said, AT_MOST, "exclusive_per", "inputs")
    }
    found = {**kept, "type": form.get("benefit_type", "").strip(), **{n: v for n, v in said.items() if v}}
    if inputs := inputs_of(form, base.get("inputs") or ()):
        found["inputs"] = inputs
    if AT_MOST in form:
        found[AT_MOST] = True
    scopes = _scopes(form)
    apart = {other: scopes[other] for other in exclusions if other in scopes}
    return {**found, "exclusive_per": apart} if apart else found


def inputs_of(form: Mapping[str, str], base: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """What a formula asks for that no rule does; what is not edited here is kept from the input of the same name."""
    before = {one.get("name"): one for one in base}
    found = []
    for said in listed(form, "input", INPUT, set_apart="type"):
        kept = {k: v for k, v in before.get(said["name"], {}).items() if k not in ("minimum", "maximum")}
        limits = {k: number(said[k]) for k in ("minimum", "maximum") if said[k]}
        own = {**kept, **{k: said[k] for k in ("name", "type", "label_zh", "label_en")}, **limits}
        if own["type"] != before.get(said["name"], {}).get("type"):
            own["unit"] = UNIT_OF.get(said["type"])
        found.append(own)
    return found


def number(text: str) -> int | float | str:
    """A limit as JSON has it; what is no number stays, to be refused."""
    if re.fullmatch(r"-?[0-9]{1,15}", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,6}", text) else text


def _scopes(form: Mapping[str, str]) -> dict[str, str]:
    """For what each excluded policy is excluded, where that is less than the enterprise."""
    found = {name.removeprefix(SCOPE): value for name, value in form.items() if name.startswith(SCOPE)}
    return {other: scope for other, scope in sorted(found.items()) if scope}


def _families(form: Mapping[str, str]) -> list[dict[str, Any]]:
    found = listed(form, "family", FAMILY)
    return [{**one, "members": re.split(r"[\s,，、]+", one["members"].strip())} for one in found]


def units_of(form: Mapping[str, str], citations: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What a form says, unit by unit, each as one text."""
    found = {name: _plain(form.get(name, "")) for name in (*LINES, *BENEFIT)}
    return {
        **found,
        "region_code": area_meant(form.get("region_code", "")),
        AT_MOST: "1" if AT_MOST in form else "",
        "exclusions": "\n".join(form.get("exclusions", "").split()),
        "scopes": _json(_scopes(form)),
        "sources": _json(listed(form, "source", ("mark", "text"))),
        "inputs": _json(listed(form, "input", INPUT, set_apart="type")),
        "families": _json(listed(form, "family", FAMILY)),
        "citations": _json(sorted(citations, key=lambda one: one["condition"])),
    }


PREFIXES = {"sources": "source.", "families": "family.", "inputs": "input.", "scopes": SCOPE}


def fields_of(unit: str, text: str, form: Mapping[str, str]) -> dict[str, str]:
    """`form` with one unit as another's text has it."""
    if unit in PREFIXES:
        prefix = PREFIXES[unit]
        kept = {name: value for name, value in form.items() if not name.startswith(prefix)}
        if unit == "scopes":
            scopes = json.loads(text) if text else {}
            return {**kept, **{f"{SCOPE}{other}": scope for other, scope in scopes.items()}}
        return {**kept, **numbered(prefix[:-1], json.loads(text) if text else [])}
    if unit == AT_MOST:
        kept = {name: value for name, value in form.items() if name != AT_MOST}
        return {**kept, AT_MOST: "1"} if text else kept
    return {**form, unit: text}


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
