"""`marketplace verify-pdf FILE.pdf`: whether a file is a confirmation of ours, byte for byte, in plain words.

Reads the certificate and no database, so it runs wherever the certificate has been copied to.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from cryptography import x509

from marketplace.documents.keys import certificate_of, trusted
from marketplace.i18n import translate
from marketplace.settings import Settings
from pdf.errors import SigningKeyUnusable
from pdf.verify import LARGEST, Verdict, verify


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command: FILE, --json, and --certificate for a machine without the state folder."""
    parser = subparsers.add_parser("verify-pdf", help="check that a confirmation is ours and unchanged")
    parser.add_argument("file", metavar="FILE.pdf", help="the file as it was received")
    parser.add_argument(
        "--certificate",
        metavar="CERT.pem",
        action="append",
        type=Path,
        help="a certificate to trust instead of those in $MARKETPLACE_HOME/keys; may be given several times",
    )
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit 0 for a valid file, 1 for any other, 2 when the file or a certificate cannot be read."""
    try:
        certificates = _certificates(args.certificate)
        with Path(args.file).open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        print(f"marketplace verify-pdf: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except SigningKeyUnusable as error:
        print(f"marketplace verify-pdf: {error.params['path']} holds no certificate", file=sys.stderr)
        return 2
    if not certificates:
        print(
            "marketplace verify-pdf: no certificate to check against; set MARKETPLACE_HOME to the service's state "
            "folder or give --certificate",
            file=sys.stderr,
        )
        return 2
    verdict = verify(data, certificates)
    print(json.dumps(as_json(verdict), ensure_ascii=False) if args.json else in_words(verdict))
    return 0 if verdict.valid else 1


def _certificates(given: list[Path] | None) -> tuple[x509.Certificate, ...]:
    if given:
        return tuple(certificate_of(path) for path in given)
    return trusted(Settings.from_env().keys)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict with the names of the API's answer; what only the register knows is left out."""
    return {
        "valid": verdict.valid,
        "finding": verdict.finding.value,
        "message": translate("en", f"verify.finding.{verdict.finding.value}"),
        "altered": verdict.altered,
        "sha256": verdict.sha256,
        "serial": verdict.serial,
        "strength": verdict.strength.value if verdict.strength else None,
        "signed_at": verdict.signed_at.isoformat() if verdict.signed_at else None,
        "signer": verdict.signer,
        "key_sha256": verdict.key,
    }


def in_words(verdict: Verdict) -> str:
    """A few lines for a person, in both languages."""
    lines = [translate(lang, f"verify.finding.{verdict.finding.value}") for lang in ("zh-CN", "en")]
    if verdict.valid and verdict.strength and verdict.signed_at:
        strength = translate("zh-CN", f"verify.strength.{verdict.strength.value}")
        lines += [
            f"serial     {verdict.serial}",
            f"strength   {strength} ({verdict.strength.value})",
            f"signed at  {verdict.signed_at.isoformat()}",
            f"signer     {verdict.signer}",
            f"key        {verdict.key}",
        ]
    return "\n".join([*lines, f"sha256     {verdict.sha256}"])
