"""A sealed paper is valid for every reader; anything else about a file is told apart, quickly, and never raises."""

import random
import time
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader, PdfWriter

from marketplace.documents.fonts import font_set
from pdf.confirmation import SEAL_BOX, print_pages, render
from pdf.errors import SigningKeyUnusable
from pdf.signing import SealPlace, SigningIdentity, new_private_key, self_signed_certificate, sign
from pdf.verify import LARGEST, Finding, Verdict, verify
from tests.pdf.conftest import SEALED_AT, make_identity, seal
from tests.pdf.samples import SERIAL, english


@pytest.fixture(scope="module")
def sealed(platform: SigningIdentity) -> bytes:
    return seal(english(), platform)


def check(data: bytes, platform: SigningIdentity) -> Verdict:
    return verify(data, [platform.certificate])


class TestOurSeal:
    def test_a_fresh_paper_is_valid_and_says_what_it_is(
        self, sealed: bytes, platform: SigningIdentity
    ) -> None:
        verdict = check(sealed, platform)
        assert (verdict.finding, verdict.valid, verdict.altered) == (Finding.VALID, True, False)
        assert (verdict.serial, verdict.strength) == (SERIAL, english().strength)
        assert (verdict.signed_at, verdict.signer) == (SEALED_AT, "小微服务专栏电子签章")
        assert verdict.key == platform.fingerprint

    def test_another_program_finds_the_same(self, sealed: bytes, platform: SigningIdentity) -> None:
        (signature,) = PdfFileReader(BytesIO(sealed)).embedded_signatures
        anchor = signature.signer_cert
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[anchor], moment=SEALED_AT))
        assert status.bottom_line
        assert status.coverage.name == "ENTIRE_FILE"
        assert anchor.sha256_fingerprint.replace(" ", "").lower() == platform.fingerprint

    def test_the_field_lies_on_the_drawn_seal(self, sealed: bytes) -> None:
        page = PdfReader(BytesIO(sealed)).pages[0]
        fields = [each.get_object() for each in page["/Annots"]]  # type: ignore[attr-defined]
        (field,) = [each for each in fields if each.get("/FT") == "/Sig"]
        assert [float(edge) for edge in field["/Rect"]] == pytest.approx(list(SEAL_BOX), abs=1)

    def test_a_retired_certificate_still_vouches(self, sealed: bytes, platform: SigningIdentity) -> None:
        assert verify(sealed, [make_identity().certificate, platform.certificate]).valid

    def test_many_keys_and_papers_all_come_out_valid(self) -> None:
        """Signatures differ in length and may end in zeros; none of that may matter."""
        printed = print_pages(english(), font_set())
        for _ in range(12):
            fresh = make_identity()
            place = SealPlace(printed.seal_page, SEAL_BOX)
            for _ in range(3):
                made = sign(printed.pdf, fresh, place, reason="serial=A strength=binding", now=SEALED_AT)
                assert check(made, fresh).valid


def appended_comment(data: bytes, _: SigningIdentity) -> bytes:
    return data + b"\n% harmless"


def appended_update(data: bytes, _: SigningIdentity) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(data))
    writer.trailer_view["/Info"]["/Title"] = writer.trailer_view["/Info"]["/Subject"]
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def saved_by_another_program(data: bytes, _: SigningIdentity) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(data)))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def strength_rewritten(data: bytes, _: SigningIdentity) -> bytes:
    return data.replace(b"strength\\075indicative", b"strength\\075binding   ", 1)


def seal_transplanted(data: bytes, platform: SigningIdentity) -> bytes:
    """A true seal of one paper put into another of the same length."""
    other = seal(english(application_number="A2020-0415-0088"), platform)
    start, end = data.index(b"/Contents <") + 11, data.index(b">", data.index(b"/Contents <"))
    at = other.index(b"/Contents <") + 11
    return other[:at] + data[start:end] + other[at + end - start :]


def range_shortened(data: bytes, _: SigningIdentity) -> bytes:
    """Claims that less is covered, so that the end could be rewritten freely."""
    at = data.index(b"/ByteRange [")
    old = data[at : data.index(b"]", at)]
    first, second, third, fourth = old.split(b"[")[1].split()
    new = b" ".join((first, second, third, str(int(fourth) - 10).encode()))
    return data.replace(old, b"/ByteRange [" + new.ljust(len(old) - 12))


def lower_case_signature(data: bytes, _: SigningIdentity) -> bytes:
    start = data.index(b"/Contents <") + 11
    end = data.index(b">", start)
    return data[:start] + data[start:end].lower() + data[end:]


def something_behind_the_signature(data: bytes, _: SigningIdentity) -> bytes:
    end = data.index(b">", data.index(b"/Contents <"))
    return data[: end - 8] + b"DEADBEEF" + data[end:]


def of_another_key(_: bytes, __: SigningIdentity) -> bytes:
    return seal(english(), make_identity("somebody else"))


def of_another_key_under_our_name(_: bytes, __: SigningIdentity) -> bytes:
    """The forger's certificate carries our name, but not our key."""
    return seal(english(), make_identity("小微服务专栏电子签章"))


def our_certificate_their_key(_: bytes, platform: SigningIdentity) -> bytes:
    forger = make_identity()
    return seal(english(), SigningIdentity(forger.key, platform.certificate))


def unsigned(_: bytes, __: SigningIdentity) -> bytes:
    return render(english(), font_set())


def encrypted(_: bytes, __: SigningIdentity) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(render(english(), font_set()))))
    writer.encrypt("secret")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


CHANGES: dict[str, tuple[Finding, Callable[[bytes, SigningIdentity], bytes]]] = {
    "a comment appended": (Finding.APPENDED, appended_comment),
    "an incremental update appended": (Finding.APPENDED, appended_update),
    "the strength rewritten": (Finding.ALTERED, strength_rewritten),
    "the seal of another paper": (Finding.ALTERED, seal_transplanted),
    "a shortened range": (Finding.APPENDED, range_shortened),
    "the signature in lower case": (Finding.ALTERED, lower_case_signature),
    "bytes hidden behind the signature": (Finding.ALTERED, something_behind_the_signature),
    "another key": (Finding.OTHER_KEY, of_another_key),
    "another key under our name": (Finding.OTHER_KEY, of_another_key_under_our_name),
    "our certificate with another key": (Finding.ALTERED, our_certificate_their_key),
    "no seal": (Finding.UNSIGNED, unsigned),
    "encrypted": (Finding.ENCRYPTED, encrypted),
    "the end cut off": (Finding.TRUNCATED, lambda data, _: data[:-1000]),
    "one byte cut off": (Finding.TRUNCATED, lambda data, _: data[:-1]),
    "the head only": (Finding.TRUNCATED, lambda data, _: data[:1000]),
    "nothing": (Finding.EMPTY, lambda _, __: b""),
    "a picture": (Finding.NOT_PDF, lambda _, __: b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    "words": (Finding.NOT_PDF, lambda _, __: "这不是 PDF".encode()),
    "a paper behind something else": (Finding.NOT_PDF, lambda data, _: b"GIF89a" + data),
    "too many bytes": (Finding.TOO_LARGE, lambda data, _: data + bytes(LARGEST)),
}


class TestEverythingElse:
    @pytest.mark.parametrize("change", CHANGES)
    def test_it_is_not_valid_and_told_apart(
        self, sealed: bytes, platform: SigningIdentity, change: str
    ) -> None:
        finding, make = CHANGES[change]
        verdict = check(make(sealed, platform), platform)
        assert (verdict.finding, verdict.valid) == (finding, False)
        assert (verdict.serial, verdict.signed_at, verdict.key) == (None, None, None)

    def test_saving_with_another_program_is_never_valid(
        self, sealed: bytes, platform: SigningIdentity
    ) -> None:
        assert not check(saved_by_another_program(sealed, platform), platform).valid

    def test_any_single_byte_changed_shows(self, sealed: bytes, platform: SigningIdentity) -> None:
        chosen = random.Random(20200415).sample(range(len(sealed)), 400)
        start = sealed.index(b"/Contents <")
        for at in (*chosen, *range(start, start + 1800, 3)):
            changed = bytearray(sealed)
            changed[at] ^= 1 << (at % 8)
            assert not check(bytes(changed), platform).valid, f"byte {at}"

    def test_nothing_is_valid_without_a_certificate_to_trust(self, sealed: bytes) -> None:
        assert verify(sealed, []).finding is Finding.OTHER_KEY

    @given(st.binary(max_size=400))
    def test_any_bytes_get_an_answer(self, data: bytes) -> None:
        for each in (data, b"%PDF-1.4\n" + data, b"%PDF-1.4 /ByteRange [0 20 40 9]" + data):
            assert not verify(each, []).valid

    @given(st.binary(max_size=300))
    def test_any_bytes_for_a_signature_get_an_answer(self, der: bytes) -> None:
        assert not verify(signature_file(der), [CHEAP.certificate]).valid

    @pytest.mark.parametrize(
        "hostile",
        [
            b"%PDF-1.4" + b"/ByteRange [" * 300_000,
            b"%PDF-1.4" + b"/ByteRange" + b" " * 4_000_000,
            b"%PDF-1.4" + b"/Encrypt " * 400_000 + b"%%EOF",
            b"%PDF-1.4" + b"1 0 obj << " * 400_000,
            b"%PDF-1.4 /ByteRange [999999999 999999999 999999999 999999999]",
            b"%PDF-1.4 /ByteRange [0 99999999999999999999 1 1]",
            b"%PDF-1.4" + bytes(LARGEST - 8),
        ],
        ids=["ranges", "blanks", "encrypts", "objects", "far", "huge", "zeros"],
    )
    def test_hostile_files_take_no_time(self, hostile: bytes, platform: SigningIdentity) -> None:
        before = time.perf_counter()
        assert not check(hostile, platform).valid
        assert time.perf_counter() - before < 1

    def test_deeply_nested_signatures_take_no_time(self, platform: SigningIdentity) -> None:
        der = b""
        for _ in range(4000):
            length = len(der)
            head = bytes([length]) if length < 128 else b"\x83" + length.to_bytes(3, "big")
            der = b"\x30" + head + der
        before = time.perf_counter()
        assert not check(signature_file(der), platform).valid
        assert time.perf_counter() - before < 1


class TestKeys:
    @pytest.mark.parametrize(
        "bad", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
    )
    def test_what_is_no_key_is_refused(self, bad: bytes, platform: SigningIdentity) -> None:
        with pytest.raises(SigningKeyUnusable):
            SigningIdentity.from_pem(bad, b"")

    def test_a_certificate_of_another_key_is_refused(self) -> None:
        certificate = self_signed_certificate(new_private_key(), "x", SEALED_AT)
        with pytest.raises(SigningKeyUnusable):
            SigningIdentity.from_pem(new_private_key(), certificate)


CHEAP = make_identity()


def signature_file(der: bytes) -> bytes:
    """A file whose range is in order and whose signature is `der`."""
    digits = der.hex().upper().encode() or b"00"
    head = b"%PDF-1.4 /ByteRange [0 "
    tail = b" %%EOF"
    middle = b"0000000 0000000 0000000] "
    first = len(head) + len(middle)
    second = first + len(digits) + 2
    numbers = b"%07d %07d %07d] " % (first, second, len(tail))
    return head + numbers + b"<" + digits + b">" + tail
