"""Facts an agency attests: taken in once from whoever holds a registered key, above what is declared."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from httpx import AsyncClient, Response
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from marketplace.profiles import agencies, attesting, service
from marketplace.profiles.errors import KeyDatesRefused, KeyRefused, KeyTaken
from marketplace.profiles.tables import Attestation, Enterprise, FactDispute
from tests.factories.attesting import AUDIENCE, Signer, pem_of, signed, signer
from tests.factories.enterprises import a_uscc, enterprise
from tests.factories.people import person

FACTS = {"tax_credit_rating": "B", "months_paying_tax": 36}
FORGED = "profiles.attestation_forged"


@dataclass
class Scene:
    """A tax office with a key, an enterprise and its owner."""

    client: AsyncClient
    session: AsyncSession
    tax: Signer
    owner: Actor
    mine: Enterprise
    now: datetime

    async def send(self, statement: str) -> Response:
        return await self.client.post("/api/v1/attestations", json={"attestation": statement})

    def claims(self, facts: Any = None, **changes: Any) -> dict[str, Any]:
        return self.tax.claims(self.mine.uscc, FACTS if facts is None else facts, **changes)

    async def refused(self, statement: str, status: int, code: str) -> None:
        """Refused so, and nothing is known afterwards that was not before."""
        before = (await service.facts_of(self.session, self.mine.id)).to_json()
        answer = await self.send(statement)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert (await service.facts_of(self.session, self.mine.id)).to_json() == before


@pytest.fixture
async def scene(client: AsyncClient, session: AsyncSession, now: datetime) -> Scene:
    tax = await signer(session, now)
    owner = await person(session, now)
    return Scene(client, session, tax, owner, await enterprise(session, owner, now), now)


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class TestTakingIn:
    """A good statement."""

    async def test_stands_above_what_was_declared_and_names_its_agency(self, scene: Scene) -> None:
        declared = {"tax_credit_rating": "A", "employees_end": 8}
        await service.save_facts(
            scene.session, scene.owner, scene.mine.id, declared, source="declared", now=scene.now
        )
        await scene.session.commit()
        issued = int(scene.now.timestamp()) - 60
        answer = await scene.send(scene.tax.sign(scene.claims(iat=issued)))
        assert answer.status_code == 201, answer.text
        assert answer.json()["facts"] == sorted(FACTS)
        profile = await service.profile_of(scene.session, scene.mine.id)
        known = profile.facts.to_json()
        assert (known["tax_credit_rating"], known["employees_end"]) == ("B", 8)
        rows = {row.name: row for row in profile.rows}
        assert rows["tax_credit_rating"].source == "attested"
        assert rows["tax_credit_rating"].updated_at.timestamp() == issued
        told = await attesting.sources(scene.session, scene.mine.id)
        assert {name: agency.code for name, agency in told.items()} == dict.fromkeys(FACTS, "jinan-tax")
        document = text(
            "SELECT facts->>'tax_credit_rating' FROM enterprise_current_facts WHERE enterprise_id = :e"
        )
        assert await scene.session.scalar(document, {"e": scene.mine.id}) == "B"

    async def test_is_written_to_the_log_without_its_values(self, scene: Scene) -> None:
        assert (await scene.send(scene.tax.sign(scene.claims()))).status_code == 201
        entry = text("SELECT detail, tenant FROM audit_log WHERE action = 'profiles.attest'")
        detail, tenant = (await scene.session.execute(entry)).one()
        assert (detail["agency"], detail["set"], tenant) == ("jinan-tax", sorted(FACTS), str(scene.mine.id))

    async def test_goes_through_once(self, scene: Scene) -> None:
        statement = scene.tax.sign(scene.claims(jti="once"))
        assert (await scene.send(statement)).status_code == 201
        await scene.refused(statement, 409, "profiles.attestation_replayed")
        other = scene.tax.sign(scene.claims({"tax_credit_rating": "D"}, jti="once"))
        await scene.refused(other, 409, "profiles.attestation_replayed")
        assert await scene.session.scalar(select(func.count()).select_from(Attestation)) == 1

    async def test_signed_before_a_newer_one_changes_nothing(self, scene: Scene) -> None:
        issued = int(scene.now.timestamp())
        assert (await scene.send(scene.tax.sign(scene.claims()))).status_code == 201
        late = scene.tax.sign(scene.claims({"tax_credit_rating": "D"}, iat=issued - 300))
        await scene.refused(late, 409, "profiles.attestation_superseded")


class TestRefusing:
    """Everything else, and then nothing is stored."""

    async def test_text_that_is_no_signed_statement(self, scene: Scene) -> None:
        good = scene.tax.sign(scene.claims())
        header, claims, signature = good.split(".")
        none = _b64(json.dumps({"alg": "none", "typ": attesting.TYPE, "kid": scene.tax.key.kid}).encode())
        twice = _b64(b'{"alg":"ES256","alg":"ES256"}')
        for odd in (
            "x", "..", f"{header}.{claims}", f"{header}.{claims}.", f"{none}.{claims}.", f"{none}.{claims}.{signature}",
            f"{twice}.{claims}.{signature}", f"{good}.{signature}", f"{header}=.{claims}.{signature}",
            f"{header}.{claims}.{'A' * 86}", f"{header}.{_b64(b'[]')}.{signature}",
        ):  # fmt: skip
            await scene.refused(odd, 401, FORGED)

    async def test_changed_after_it_was_signed(self, scene: Scene) -> None:
        header, _, signature = scene.tax.sign(scene.claims()).split(".")
        changed = _b64(json.dumps(scene.claims({"tax_credit_rating": "A"})).encode())
        await scene.refused(f"{header}.{changed}.{signature}", 401, FORGED)

    async def test_signed_by_another_key_under_the_agencys_name(self, scene: Scene) -> None:
        strange = ec.generate_private_key(ec.SECP256R1())
        header = {"typ": attesting.TYPE, "kid": scene.tax.key.kid}
        await scene.refused(signed(strange, scene.claims(), header), 401, FORGED)
        await scene.refused(signed(strange, scene.claims(), {**header, "kid": "unknown"}), 401, FORGED)

    @pytest.mark.parametrize(
        "header",
        [
            {"typ": "JWT"},
            {"kid": "../../keys/token-es256.pem"},
            {"kid": "x" * 500},
            {"kid": 7},
            {"jku": "http://127.0.0.1/keys"},
            {"crit": ["exp"]},
        ],
    )
    async def test_under_a_header_of_another_kind(self, scene: Scene, header: dict[str, Any]) -> None:
        await scene.refused(scene.tax.sign(scene.claims(), **header), 401, FORGED)

    async def test_by_a_revoked_key_even_if_signed_before(self, scene: Scene) -> None:
        statement = scene.tax.sign(scene.claims())
        await agencies.revoke_key(
            scene.session, scene.tax.operator, scene.tax.agency.id, scene.tax.key.kid, scene.now
        )
        await scene.session.commit()
        await scene.refused(statement, 401, FORGED)

    async def test_by_a_key_whose_time_is_over(self, scene: Scene) -> None:
        over = text("UPDATE agency_keys SET valid_until = :moment, valid_from = :before")
        moment = scene.now - timedelta(minutes=1)
        await scene.session.execute(over, {"moment": moment, "before": moment - timedelta(days=9)})
        await scene.session.commit()
        await scene.refused(scene.tax.sign(scene.claims()), 401, FORGED)

    async def test_in_another_agencys_name(self, scene: Scene) -> None:
        await scene.refused(scene.tax.sign(scene.claims(iss="zibo-tax")), 401, FORGED)

    @pytest.mark.parametrize("member", ["iss", "aud", "sub", "iat", "exp", "jti", "facts"])
    async def test_without_one_of_its_members(self, scene: Scene, member: str) -> None:
        await scene.refused(scene.tax.sign(scene.claims(**{member: ...})), 401, FORGED)

    @pytest.mark.parametrize(
        "changes",
        [{"jti": ""}, {"jti": "a b"}, {"jti": 5}, {"facts": []}, {"facts": {}}, {"facts": 0}, {"nbf": 1}],
    )
    async def test_with_members_of_another_shape(self, scene: Scene, changes: dict[str, Any]) -> None:
        await scene.refused(scene.tax.sign(scene.claims(**changes)), 401, FORGED)

    @pytest.mark.parametrize("audience", ["http://127.0.0.1:8001", f"{AUDIENCE}/", [AUDIENCE], "", None])
    async def test_for_another_service(self, scene: Scene, audience: Any) -> None:
        await scene.refused(
            scene.tax.sign(scene.claims(aud=audience)), 422, "profiles.attestation_misdirected"
        )

    async def test_for_an_enterprise_that_is_not_registered(self, scene: Scene) -> None:
        for subject in (a_uscc(), scene.mine.uscc.lower(), str(scene.mine.id), 7, None):
            await scene.refused(
                scene.tax.sign(scene.claims(sub=subject)), 422, "profiles.attestation_misdirected"
            )

    async def test_out_of_date(self, scene: Scene) -> None:
        issued = int(scene.now.timestamp())
        for times in (
            {"iat": issued - 700, "exp": issued - 100},
            {"exp": issued},
            {"iat": issued + 120, "exp": issued + 600},
            {"exp": issued + 90_000},
            {"exp": float(issued + 600)},
            {"exp": "9999999999"},
            {"iat": True},
            {"exp": 10**30},
        ):
            await scene.refused(
                scene.tax.sign(scene.claims(**times)), 422, "profiles.attestation_out_of_date"
            )

    @pytest.mark.parametrize(
        "fact", ["insured_employees", "employees_end", "sme_size", "no_such_fact", "x" * 300]
    )
    async def test_of_a_fact_the_agency_may_not_attest(self, scene: Scene, fact: str) -> None:
        facts = {**FACTS, fact: 5}
        await scene.refused(scene.tax.sign(scene.claims(facts)), 403, "profiles.attestation_beyond")

    async def test_with_a_value_the_vocabulary_does_not_take(self, scene: Scene) -> None:
        odd: tuple[Any, ...] = ("Z", 5, [], "A\u0000")
        for value in odd:
            await scene.refused(
                scene.tax.sign(scene.claims({"tax_credit_rating": value})), 422, "eligibility.facts"
            )

    async def test_longer_than_any_statement_is(self, scene: Scene) -> None:
        answer = await scene.send("x" * 900_000)
        assert answer.status_code == 422


class TestDisputing:
    """An owner who disagrees."""

    async def test_keeps_both_sides_until_the_agency_attests_again(self, scene: Scene) -> None:
        assert (await scene.send(scene.tax.sign(scene.claims()))).status_code == 201
        await attesting.dispute(
            scene.session, scene.owner, scene.mine.id, "tax_credit_rating", "我们是 A 级", scene.now
        )
        await scene.session.commit()
        assert set(await attesting.open_disputes(scene.session, scene.mine.id)) == {"tax_credit_rating"}
        assert (await service.facts_of(scene.session, scene.mine.id))["tax_credit_rating"] == "B"
        again = scene.tax.sign(scene.claims({"tax_credit_rating": "A"}))
        assert (await scene.send(again)).status_code == 201
        assert not await attesting.open_disputes(scene.session, scene.mine.id)
        closed = await scene.session.scalar(select(FactDispute))
        assert closed is not None
        assert closed.closed_by_attestation is not None


class TestRegisteringKeys:
    """What an operator may register."""

    async def test_takes_no_other_kind_of_key(self, scene: Scene) -> None:
        tax, today = scene.tax, scene.now.date()
        for pem in ("", "x", pem_of(ec.generate_private_key(ec.SECP384R1())), "x" * 3_000):
            with pytest.raises(KeyRefused):
                await agencies.add_key(
                    scene.session,
                    tax.operator,
                    tax.agency.id,
                    pem=pem,
                    first=today,
                    last=today,
                    now=scene.now,
                )

    async def test_takes_a_key_once_and_for_at_most_three_years(self, scene: Scene) -> None:
        tax, today = scene.tax, scene.now.date()
        fresh = pem_of(ec.generate_private_key(ec.SECP256R1()))
        for pem, days, error in (
            (pem_of(tax.private), 1, KeyTaken),
            (fresh, 2_000, KeyDatesRefused),
            (fresh, -1, KeyDatesRefused),
        ):
            with pytest.raises(error):
                await agencies.add_key(
                    scene.session,
                    tax.operator,
                    tax.agency.id,
                    pem=pem,
                    first=today,
                    last=today + timedelta(days=days),
                    now=scene.now,
                )
