"""Access tokens: ours pass, and no forgery does.

The forgeries are made by hand (forging.py), first against the decoder alone, then over HTTP where each must be a
plain 401.
"""

import ast
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from httpx import AsyncClient
from jose import jwk, jwt
from jose.exceptions import JWKError
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncSession

from auth.errors import InvalidToken
from auth.tokens import TokenKey
from tests.auth import forging
from tests.factories.people import person, sign_in

PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = TokenKey(PRIVATE)
NOW = datetime(2020, 4, 15, 9, 30, tzinfo=UTC)
USER, SESSION = uuid4(), uuid4()
CLAIMS = forging.good_claims(USER, SESSION, NOW)
HEADER = {"alg": "ES256", "kid": KEY.kid, "typ": "JWT"}
HARMLESS = {"sub '00000000-0000-0000-0000-000000000000'", "sid '00000000-0000-0000-0000-000000000000'"}
"""Well-formed, truly signed, of people or sessions that do not exist: the database refuses these."""


class TestOurTokens:
    """What we sign, we accept, for ten minutes."""

    def test_carry_the_user_and_the_session(self) -> None:
        claims = KEY.decode(KEY.encode(USER, SESSION, NOW), NOW)
        assert (claims.user_id, claims.session_id) == (USER, SESSION)

    def test_made_by_hand_with_the_true_key_pass_so_the_forgeries_fail_for_their_flaw_alone(self) -> None:
        assert KEY.decode(forging.signed(PRIVATE, HEADER, CLAIMS), NOW).user_id == USER

    def test_live_until_their_last_second_and_not_beyond(self) -> None:
        token = KEY.encode(USER, SESSION, NOW)
        KEY.decode(token, NOW + timedelta(seconds=599))
        with pytest.raises(InvalidToken):
            KEY.decode(token, NOW + timedelta(seconds=600))

    def test_from_a_clock_half_a_minute_ahead_pass(self) -> None:
        KEY.decode(KEY.encode(USER, SESSION, NOW + timedelta(seconds=30)), NOW)

    def test_of_another_installation_are_refused(self) -> None:
        stranger = TokenKey(ec.generate_private_key(ec.SECP256R1()))
        with pytest.raises(InvalidToken):
            KEY.decode(stranger.encode(USER, SESSION, NOW), NOW)


class TestForgeries:
    """Every way in that jose or a naive check would leave open."""

    @pytest.mark.parametrize(
        "token",
        [pytest.param(t, id=n) for n, t in forging.forgeries(PRIVATE, KEY.kid, CLAIMS) if n not in HARMLESS],
    )
    def test_are_refused(self, token: str) -> None:
        with pytest.raises(InvalidToken):
            KEY.decode(token, NOW)

    async def test_are_a_plain_401_over_http(
        self, client: AsyncClient, app: Litestar, session: AsyncSession, now: datetime
    ) -> None:
        owner = await person(session, now)
        mine = await sign_in(client, owner)
        key: TokenKey = app.state.auth.key
        claims = key.decode(mine.access_token, now)
        private = _private_key_of(app)
        good = forging.good_claims(owner.user_id, claims.session_id, now)
        answer = await client.get(
            "/api/v1/consents", headers=_bearer(forging.signed(private, _header(key), good))
        )
        assert answer.status_code == 200
        for flaw, token in forging.forgeries(private, key.kid, good):
            answer = await client.get("/api/v1/consents", headers=_bearer(token))
            assert answer.status_code == 401, flaw
            assert answer.json()["code"] in ("auth.invalid_token", "auth.not_authenticated"), flaw

    async def test_odd_authorization_headers_are_a_401(self, client: AsyncClient) -> None:
        for header in ("", "Bearer", "Bearer ", "Basic dTpw", "bearer x", "Token x", "Bearer a b"):
            answer = await client.get("/api/v1/consents", headers={"Authorization": header})
            assert answer.status_code == 401, header


class TestJoseFlaws:
    """The flaws are there in the library; these tests fail when jose mends them, and then this file can relax."""

    def test_a_der_public_key_is_an_hmac_secret_where_algorithms_are_left_out(self) -> None:
        der = forging.public_forms(PRIVATE)["DER"]
        message = f"{forging.part({**HEADER, 'alg': 'HS256'})}.{forging.part(CLAIMS)}"
        forged = f"{message}.{forging.b64(forging.hs256(message, der))}"
        assert _decoded_loosely(forged, der) == CLAIMS
        with pytest.raises(InvalidToken):
            KEY.decode(forged, NOW)

    def test_an_empty_key_makes_an_hmac_key(self) -> None:
        jwk.construct(b"", "HS256")
        with pytest.raises(JWKError):
            jwk.construct(b"", "ES256")

    def test_exp_and_aud_may_be_missing(self) -> None:
        bare = {"sub": str(USER)}
        token = forging.signed(PRIVATE, HEADER, bare)
        public = forging.public_forms(PRIVATE)["PEM"]
        assert jwt.decode(token, public.decode(), algorithms=["ES256"], audience="marketplace-api") == bare
        with pytest.raises(InvalidToken):
            KEY.decode(token, NOW)

    def test_jose_is_imported_by_one_file_alone(self) -> None:
        root = Path(__file__).parents[2]
        users = {
            str(path.relative_to(root))
            for room in ("auth", "eligibility", "loans", "marketplace", "pdf", "policies", "migrations")
            for path in (root / room).rglob("*.py")
            if any(name.split(".")[0] == "jose" for name in _imports(path))
        }
        assert users == {"auth/tokens.py"}


class TestTheKeyFile:
    """One key an installation, made at first start."""

    def test_is_readable_by_the_service_alone(self, tmp_path: Path) -> None:
        TokenKey.load_or_create(tmp_path / "keys")
        file = tmp_path / "keys" / "token-es256.pem"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [path.name for path in file.parent.iterdir()] == [file.name]

    def test_outlives_a_restart(self, tmp_path: Path) -> None:
        token = TokenKey.load_or_create(tmp_path).encode(USER, SESSION, NOW)
        assert TokenKey.load_or_create(tmp_path).decode(token, NOW).user_id == USER

    def test_is_one_for_workers_that_start_together(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as workers:
            kids = list(workers.map(lambda _: TokenKey.load_or_create(tmp_path).kid, range(8)))
        assert len(set(kids)) == 1

    @pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1()])
    def test_on_another_curve_is_refused_at_start(self, tmp_path: Path, curve: ec.EllipticCurve) -> None:
        _write(tmp_path, ec.generate_private_key(curve))
        with pytest.raises(TypeError):
            TokenKey.load_or_create(tmp_path)

    def test_of_another_kind_is_refused_at_start(self, tmp_path: Path) -> None:
        _write(tmp_path, forging.RSA_KEY)
        with pytest.raises(TypeError):
            TokenKey.load_or_create(tmp_path)


def _write(folder: Path, key: Any) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "token-es256.pem").write_bytes(pem)


def _private_key_of(app: Litestar) -> ec.EllipticCurvePrivateKey:
    pem = (app.state["settings"].keys / "token-es256.pem").read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _header(key: TokenKey) -> dict[str, str]:
    return {"alg": "ES256", "kid": key.kid, "typ": "JWT"}


def _bearer(token: str) -> dict[str, bytes]:
    return {"Authorization": b"Bearer " + token.encode()}


def _decoded_loosely(token: str, key: bytes) -> dict[str, Any]:
    """What a caller gets who leaves `algorithms` out."""
    claims: dict[str, Any] = jwt.decode(
        token, key, options={"verify_exp": False, "verify_iat": False}, audience="marketplace-api"
    )
    return claims


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
