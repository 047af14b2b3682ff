"""Credit codes and resident ids: true ones pass, and every wrong one is refused for what is wrong with it."""

import stat
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from marketplace.profiles.errors import (
    ResidentIdMalformed,
    ResidentIdRefused,
    UsccCheckDigit,
    UsccMalformed,
    UsccRefused,
)
from marketplace.profiles.identity import (
    IdentityKey,
    checked_resident_id,
    checked_uscc,
    masked,
    organisation_check_digit,
)
from tests.factories.enterprises import a_resident_id, a_uscc, uscc_of

TODAY = date(2020, 4, 15)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def with_check_digit(body: str) -> str:
    """A code whose last check digit alone is true."""
    return body + str(uscc.calc_check_digit(body))


class TestACreditCode:
    """GB 32100-2015."""

    @pytest.mark.parametrize(
        "code",
        [
            "91370102MAXX90014B",
            "92370602MAXX90057F",
            "52370102MAXX90233N",
            "91110000600037341L",
            "91330100799655058B",
            "91100000100003962T",
        ],
    )
    def test_with_true_check_digits_passes(self, code: str) -> None:
        assert checked_uscc(code) == code

    @pytest.mark.parametrize(
        "registrar", ["11", "12", "13", "19", "35", "53", "61", "93", "A1", "N2", "N9", "Y1"]
    )
    def test_of_any_registrar_passes(self, registrar: str) -> None:
        code = uscc_of(f"{registrar}370102", "MAXX9001")
        assert checked_uscc(code) == code

    @pytest.mark.parametrize("region", ["370100", "379999", "100000", "650000"])
    def test_of_a_place_there_is_or_was_passes(self, region: str) -> None:
        code = uscc_of(f"91{region}", "MAXX9001")
        assert checked_uscc(code) == code

    @pytest.mark.parametrize(
        ("code", "places"),
        [
            ("000000000000000000", "1-2"),
            (uscc_of("00370102", "MAXX9001"), "1-2"),
            (uscc_of("94370102", "MAXX9001"), "1-2"),
            (uscc_of("10370102", "MAXX9001"), "1-2"),
            (uscc_of("Y2370102", "MAXX9001"), "1-2"),
            (uscc_of("B1370102", "MAXX9001"), "1-2"),
            ("11010519490230002X", "3-8"),
            (uscc_of("91000000", "MAXX9001"), "3-8"),
            (uscc_of("91990102", "MAXX9001"), "3-8"),
            (uscc_of("91380000", "MAXX9001"), "3-8"),
            (uscc_of("91710000", "MAXX9001"), "3-8"),
            (with_check_digit("91370102MAXX90010"), "9-17"),
            (with_check_digit("91370102000000001"), "9-17"),
        ],
    )
    def test_that_no_registrar_gives_out_is_refused_for_the_part_that_cannot_be(
        self, code: str, places: str
    ) -> None:
        with pytest.raises(UsccRefused) as refused:
            checked_uscc(code)
        assert refused.value.params == {"places": places}

    @pytest.mark.parametrize(
        ("body", "digit"),
        [("60003734", "1"), ("79965505", "8"), ("10000396", "2"), ("MAXX9009", "X"), ("MAXX9003", "0")],
    )
    def test_holds_an_organisation_code_with_its_own_check_digit(self, body: str, digit: str) -> None:
        assert organisation_check_digit(body) == digit

    def test_may_be_typed_with_spaces_dashes_and_small_letters(self) -> None:
        assert checked_uscc(" 9137 0102-maxx 90014b ") == "91370102MAXX90014B"

    @pytest.mark.parametrize(
        "code",
        [
            "",
            "9137010",
            "91370102MAXX90014BB",
            "9137010AMAXX90014B",
            "91370102MAXI90014B",
            "统一社会信用代码一二三四五六七八九十",
            "91370102MAXX90014\u0661",
            "91370102MAXX900\n14B0",
        ],
    )
    def test_of_another_shape_is_refused_for_its_shape(self, code: str) -> None:
        with pytest.raises(UsccMalformed):
            checked_uscc(code)

    def test_with_any_single_character_changed_is_refused(self) -> None:
        code = a_uscc()
        for place in range(18):
            for other in ALPHABET:
                if other == code[place]:
                    continue
                with pytest.raises((UsccCheckDigit, UsccMalformed)):  # before its parts are looked at
                    checked_uscc(code[:place] + other + code[place + 1 :])

    @given(st.text(max_size=40))
    def test_of_any_text_passes_whole_or_is_refused_by_name(self, text: str) -> None:
        with suppress(UsccMalformed, UsccCheckDigit, UsccRefused):
            assert set(checked_uscc(text)) <= set(ALPHABET)


class TestAResidentId:
    """GB 11643-1999."""

    def test_with_a_true_check_digit_passes(self) -> None:
        assert checked_resident_id(a_resident_id(), TODAY) == a_resident_id()

    @pytest.mark.parametrize("born", ["19401231", "19650101", "19800229", "19830101", "20011231"])
    def test_of_anybody_passes_however_young_the_code_of_his_county_is(self, born: str) -> None:
        number = a_resident_id(born=born)
        assert checked_resident_id(number, TODAY) == number

    def test_may_end_in_a_small_x(self) -> None:
        ends_in_x = next(number for n in range(1, 99) if (number := a_resident_id(n)).endswith("X"))
        assert checked_resident_id(ends_in_x.lower(), TODAY) == ends_in_x

    @pytest.mark.parametrize(
        "number",
        [
            "",
            "3701021985031412",
            "37010219850314123A",
            "3701021985031412345",
            "三七零一零二一九八五零三一四一二",
            "X" * 18,
        ],
    )
    def test_of_another_shape_is_refused_for_its_shape(self, number: str) -> None:
        with pytest.raises(ResidentIdMalformed):
            checked_resident_id(number, TODAY)

    @pytest.mark.parametrize(
        "number",
        [
            a_resident_id()[:-1] + ("0" if a_resident_id()[-1] != "0" else "1"),
            a_resident_id(born="19850230"),
            a_resident_id(born="19851301"),
            a_resident_id(born="20200416"),
            a_resident_id(born="00000000"),
            "99999919850314123" + ric.calc_check_digit("99999919850314123" + "0"),
        ],
    )
    def test_that_cannot_be_is_refused(self, number: str) -> None:
        with pytest.raises(ResidentIdRefused):
            checked_resident_id(number, TODAY)

    @given(st.text(max_size=40))
    def test_of_any_text_passes_whole_or_is_refused_by_name(self, text: str) -> None:
        with suppress(ResidentIdMalformed, ResidentIdRefused):
            assert len(checked_resident_id(text, TODAY)) == 18

    def test_is_shown_without_its_date_of_birth(self) -> None:
        assert masked("370102198503141234") == "370102********1234"


class TestTheKey:
    """What recognises an owner again without his number."""

    def test_is_made_once_and_readable_by_the_service_alone(self, tmp_path: Path) -> None:
        first = IdentityKey.load_or_create(tmp_path / "keys")
        assert stat.S_IMODE((tmp_path / "keys" / "resident-id.key").stat().st_mode) == 0o600
        assert IdentityKey.load_or_create(tmp_path / "keys").digest("x") == first.digest("x")

    def test_decides_the_digest(self) -> None:
        number = a_resident_id()
        assert IdentityKey(b"a" * 32).digest(number) != IdentityKey(b"b" * 32).digest(number)

    def test_never_prints_itself(self) -> None:
        assert "aaaa" not in repr(IdentityKey(b"a" * 32))

    def test_of_the_wrong_length_is_refused_at_start(self, tmp_path: Path) -> None:
        (tmp_path / "resident-id.key").write_bytes(b"short")
        with pytest.raises(ValueError, match="32 bytes"):
            IdentityKey.load_or_create(tmp_path)
