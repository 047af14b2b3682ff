"""The content of a version as one canonical document, and its hash: what an approval binds.

Everything an admin can edit is in it and nothing else, so two texts with one hash mean the same.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from policies.tables import PolicyText, PolicyVersion

FIELDS = (*PolicyText.model_fields, "benefit", "exclusions", "relations", "sources")
RELATIONS = (
    "extends", "extended_by", "supersedes", "superseded_by", "stacks_on", "implements", "authorising",
    "effective_to_as_first_issued", "nominal_effective_to", "families", "citations",
)  # fmt: skip


def content_of(version: PolicyVersion) -> dict[str, Any]:
    """The editable fields of a version."""
    return {name: getattr(version, name) for name in FIELDS}


def sha256_of(content: Mapping[str, Any]) -> str:
    """Hash of a content, independent of the order of its keys."""
    plain = {k: v.isoformat() if isinstance(v, date) else v for k, v in content.items()}
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def from_pack(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The content of one entry of a policy pack (marketplace/data/policies.yaml)."""
    found = {name: entry.get(name) for name in FIELDS}
    for name in ("issued_on", "effective_from", "effective_to"):
        found[name] = date.fromisoformat(entry[name]) if entry[name] else None
    found["name_zh"] = entry.get("name_zh") or entry["title_zh"]
    found["name_en"] = entry.get("name_en") or entry["title_en"]
    found["relations"] = {name: entry[name] for name in RELATIONS if name in entry}
    return found
