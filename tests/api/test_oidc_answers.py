"""What a sign-in service answers is believed only if it holds: a service that lies lets nobody in, and hangs nobody up."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic, time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from api.oidc import Oidc, SignInServiceAway, SignInServiceUntrusted, SignInUnfinished
from api.outside import MOST, SECONDS
from gridmap.settings import OidcSettings
from tests import patient
from tests.evil_provider import CURVE, OTHER, RSA, Evil, lying
from tests.ports import kept_port

BACK = "http://127.0.0.1:8000/sign-in/oidc/back"
SECRET = "made-up-secret-for-tests"


@pytest.fixture
def evil() -> Iterator[Evil]:
    with lying() as found:
        yield found


@pytest.fixture
def service(evil: Evil) -> Oidc:
    return of(evil)


def of(evil: Evil, **changed: Any) -> Oidc:
    return Oidc(OidcSettings(evil.issuer, "gridmap", SECRET, "the county's sign-in"), **{"seconds": patient.SECONDS, **changed})


def now() -> datetime:
    return datetime.now(UTC)


def begin(service: Oidc, evil: Evil, to: str = "/account") -> tuple[dict[str, str], str]:
    """What the service is asked for, and what the browser keeps; the evil one learns the nonce, as a real one does."""
    begun = service.begin(back=BACK, to=to, now=now())
    asked = {name: value[0] for name, value in parse_qs(urlsplit(begun.url).query).items()}
    evil.nonce = asked["nonce"]
    return asked, begun.kept


def come_back(service: Oidc, evil: Evil, **query: str) -> str:
    asked, kept = begin(service, evil)
    return service.end({"code": "one", "state": asked["state"], **query}, kept, back=BACK, now=now()).subject


def why(service: Oidc, evil: Evil, **query: str) -> str:
    with pytest.raises(SignInServiceUntrusted) as refused:
        come_back(service, evil, **query)
    return str(refused.value.facts["why"])


def test_what_holds_is_believed(service: Oidc, evil: Evil) -> None:
    asked, kept = begin(service, evil, to="/users?page=2")
    returned = service.end({"code": "one", "state": asked["state"]}, kept, back=BACK, now=now())
    assert (returned.issuer, returned.subject, returned.to) == (evil.issuer, "wang", "/users?page=2")


def test_the_service_is_asked_for_a_code_with_everything_that_binds_it(service: Oidc, evil: Evil) -> None:
    asked, kept = begin(service, evil)
    other, _ = begin(service, evil)
    fixed = {"response_type": "code", "client_id": "gridmap", "redirect_uri": BACK, "scope": "openid", "code_challenge_method": "S256"}
    assert {name: asked[name] for name in fixed} == fixed
    once = {"state", "nonce", "code_challenge"}
    assert set(asked) == set(fixed) | once
    assert all(len(asked[name]) == 43 and asked[name] != other[name] for name in once)
    assert len({asked[name] for name in once}) == 3
    assert not any(asked[name] in kept for name in once)


def test_the_code_is_exchanged_by_us_with_the_verifier_and_the_secret(service: Oidc, evil: Evil) -> None:
    come_back(service, evil, code="the-code")
    sent = evil.posted[0]
    assert sent.pop("authorization").startswith("Basic ")
    assert len(sent.pop("code_verifier")) == 43
    assert sent == {"grant_type": "authorization_code", "code": "the-code", "redirect_uri": BACK}


def test_the_secret_goes_into_the_body_where_the_service_takes_it_nowhere_else(service: Oidc, evil: Evil) -> None:
    evil.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    come_back(service, evil)
    assert evil.posted[0]["authorization"] == ""
    assert (evil.posted[0]["client_id"], evil.posted[0]["client_secret"]) == ("gridmap", SECRET)


def test_the_description_and_the_keys_are_fetched_once(service: Oidc, evil: Evil) -> None:
    for _ in range(3):
        come_back(service, evil)
    assert evil.asked == ["/.well-known/openid-configuration", "/token", "/keys", "/token", "/token"]


def test_the_description_and_the_keys_are_fetched_again_after_their_time(evil: Evil) -> None:
    service = of(evil, keep_seconds=0)
    come_back(service, evil)
    evil.keys, evil.signed_with = [OTHER.as_dict(private=False)], OTHER
    evil.header["kid"] = "second"
    assert come_back(service, evil) == "wang"
    evil.signed_with, evil.header["kid"] = RSA, "first"  # a key that was withdrawn
    assert why(service, evil) == "signature"


def test_a_new_key_is_fetched_when_it_is_first_named_but_not_for_every_name(service: Oidc, evil: Evil) -> None:
    service._keys_again = 0.0
    come_back(service, evil)
    evil.keys.append(OTHER.as_dict(private=False))
    evil.signed_with, evil.header["kid"] = OTHER, "second"
    service._keys_again = 0.0  # half a minute later
    assert come_back(service, evil) == "wang"
    evil.header["kid"] = "third"
    for _ in range(3):
        assert why(service, evil) == "signature"
    assert evil.asked.count("/keys") == 2


@pytest.mark.parametrize("changed", ["state", "kept", "none kept", "none", "late", "another's"])
def test_a_return_that_was_not_begun_in_this_browser_just_now_is_refused(service: Oidc, evil: Evil, changed: str) -> None:
    asked, kept = begin(service, evil)
    state, at = asked["state"], now()
    if changed == "state":
        state = state[:-1] + ("A" if state[-1] != "A" else "E")
    elif changed == "kept":  # another path to go to, another time to be back
        kept = kept[:60] + ("A" if kept[60] != "A" else "B") + kept[61:]
    elif changed == "none kept":
        kept = ""
    elif changed == "none":
        state, kept = "", ""
    elif changed == "late":
        at += timedelta(seconds=601)
    else:
        kept = begin(service, evil)[1]
    with pytest.raises(SignInUnfinished):
        service.end({"code": "one", "state": state}, kept, back=BACK, now=at)
    assert "/token" not in evil.asked


def test_what_another_secret_made_is_not_ours(service: Oidc, evil: Evil) -> None:
    chosen = OidcSettings(evil.issuer, "gridmap", SECRET, "x")
    asked, kept = begin(Oidc(replace(chosen, client_secret="another-secret")), evil)
    with pytest.raises(SignInUnfinished):
        service.end({"code": "one", "state": asked["state"]}, kept, back=BACK, now=now())


@pytest.mark.parametrize("query", [{"error": "access_denied"}, {"code": ""}, {"code": "x" * 5000}])
def test_who_declined_there_is_not_signed_in(service: Oidc, evil: Evil, query: dict[str, str]) -> None:
    with pytest.raises(SignInUnfinished):
        come_back(service, evil, **query)
    assert "/token" not in evil.asked


def test_a_return_in_the_name_of_another_service_is_refused(service: Oidc, evil: Evil) -> None:
    """Mix-up (RFC 9207): a return that names its service must name ours."""
    assert why(service, evil, iss="https://other.example") == "issuer"
    assert come_back(service, evil, iss=evil.issuer) == "wang"


def test_a_service_that_says_that_it_names_itself_must(evil: Evil) -> None:
    evil.document["authorization_response_iss_parameter_supported"] = True
    assert why(of(evil), evil) == "issuer"


@pytest.mark.parametrize(
    ("claims", "claim"),
    [
        ({"iss": "https://other.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": ["another"]}, "aud"),
        ({"aud": ["gridmap", "another"]}, "azp"),
        ({"aud": ["gridmap", "another"], "azp": "another"}, "azp"),
        ({"azp": "another"}, "azp"),
        ({"nonce": "x" * 43}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"exp": timedelta(seconds=-61)}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"iat": timedelta(seconds=300)}, "iat"),
        ({"iat": timedelta(seconds=-3600)}, "iat"),
        ({"iat": None}, "iat"),
        ({"nbf": timedelta(seconds=300)}, "nbf"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"sub": "wang\n"}, "sub"),
        ({"sub": "wáng"}, "sub"),
        ({"at_hash": "AAAA"}, "at_hash"),
    ],
)
def test_a_token_with_a_claim_that_does_not_hold_is_refused(service: Oidc, evil: Evil, claims: dict[str, Any], claim: str) -> None:
    """Times count from when the token is asked for: the tests were gathered long before."""
    evil.claims = {name: int(time() + told.total_seconds()) if isinstance(told, timedelta) else told for name, told in claims.items()}
    assert claim in why(service, evil).split(",")


def test_a_token_for_several_that_names_us_as_the_one_it_was_given_to_is_believed(service: Oidc, evil: Evil) -> None:
    evil.claims = {"aud": ["gridmap", "another"], "azp": "gridmap"}
    assert come_back(service, evil) == "wang"


def test_a_token_that_nobody_signed_is_refused(service: Oidc, evil: Evil) -> None:
    evil.header = {"alg": "none"}
    with pytest.warns(match="none"):
        assert why(service, evil) == "signature"


@pytest.mark.parametrize("known", [SECRET.encode(), RSA.as_pem(private=False)])
def test_a_token_signed_with_what_others_know_is_refused(service: Oidc, evil: Evil, known: bytes) -> None:
    """HS256 by our own secret, or by the public key taken for a secret."""
    evil.header, evil.signed_with = {"alg": "HS256", "kid": "first"}, known
    evil.keys.append({"kty": "oct", "kid": "first", "k": urlsafe_b64encode(known).decode().rstrip("=")})
    assert why(service, evil) == "signature"


def test_a_token_signed_with_another_key_of_the_same_name_is_refused(service: Oidc, evil: Evil) -> None:
    evil.signed_with = RSAKey.generate_key(2048)
    assert why(service, evil) == "signature"


def test_a_token_whose_key_is_of_another_kind_is_refused(service: Oidc, evil: Evil) -> None:
    evil.header, evil.signed_with = {"alg": "ES256", "kid": "first"}, CURVE
    assert why(service, evil) == "signature"


def test_a_key_that_a_token_brings_along_is_not_used(service: Oidc, evil: Evil) -> None:
    evil.signed_with = RSAKey.generate_key(2048)
    evil.header |= {"jwk": evil.signed_with.as_dict(private=False)}
    assert why(service, evil) in {"signature", "token"}


def test_a_curve_is_believed_too(service: Oidc, evil: Evil) -> None:
    evil.keys.append(CURVE.as_dict(private=False))
    evil.header, evil.signed_with = {"alg": "ES256", "kid": "curve"}, CURVE
    assert come_back(service, evil) == "wang"


def test_an_algorithm_that_the_service_does_not_name_is_refused(service: Oidc, evil: Evil) -> None:
    evil.document["id_token_signing_alg_values_supported"] = ["ES256"]
    assert why(service, evil) == "signature"


@pytest.mark.parametrize("named", [["HS256", "none"], [], "RS256", None, [7, {}]])
def test_a_service_without_a_signature_that_we_take_is_refused(evil: Evil, named: Any) -> None:
    evil.document["id_token_signing_alg_values_supported"] = named
    assert why(of(evil), evil) == "algorithm"


def test_keys_that_are_weak_private_or_for_something_else_are_passed_over(service: Oidc, evil: Evil) -> None:
    weak = {**RSA.as_dict(private=False), "n": "0" * 100}
    odd: list[Any] = [7, None, {}, {"kty": "RSA"}, {"kty": "EC", "crv": "P-256", "x": 1}, {"kty": "RSA", "n": "é", "e": []}]
    evil.keys = [weak, RSA.as_dict(private=True), {**RSA.as_dict(private=False), "use": "enc"}, *odd]
    assert why(service, evil) == "signature"


@pytest.mark.parametrize("name", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "told", ["http://other.example/x", "file:///etc/passwd", "https://u:p@127.0.0.1/", "//127.0.0.1/", "", None, 7, ["x"]]
)
def test_a_description_that_leads_elsewhere_is_refused(evil: Evil, name: str, told: Any) -> None:
    evil.document[name] = told
    assert why(of(evil), evil) in {"issuer", "address"}
    assert evil.asked == ["/.well-known/openid-configuration"]


def test_the_issuer_must_be_the_very_same(evil: Evil) -> None:
    evil.document["issuer"] = evil.issuer + "/"
    assert why(of(evil), evil) == "issuer"


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(evil: Evil, path: str, status: int) -> None:
    with lying() as other:
        evil.answers[path] = lambda: (status, {"Location": f"{other.issuer}{path}"}, b"")
        assert why(of(evil), evil) == "document"
        assert other.asked == []


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"\xff", b"[" * 100_000, b'{"a":' * 50_000, b'{"error":{"a":[]}}'])
def test_an_answer_that_is_none_is_refused(evil: Evil, path: str, body: bytes) -> None:
    evil.answers[path] = lambda: (200, {}, body)
    with pytest.raises((SignInServiceUntrusted, SignInServiceAway)):
        come_back(of(evil), evil)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_service_in_trouble_is_away_and_is_left_alone_for_a_moment(evil: Evil, path: str, status: int) -> None:
    evil.answers[path] = lambda: (status, {}, b"trouble")
    service = of(evil)
    with pytest.raises(SignInServiceAway):
        come_back(service, evil)
    asked = len(evil.asked)
    service._away_until += patient.SECONDS  # however long this machine takes to ask again
    with pytest.raises(SignInServiceAway):
        begin(service, evil)
    assert len(evil.asked) == asked


def test_a_code_that_was_used_already_is_told_as_that(service: Oidc, evil: Evil) -> None:
    evil.answers["/token"] = lambda: (400, {}, json.dumps({"error": "invalid_grant"}).encode())
    with pytest.raises(SignInUnfinished):
        come_back(service, evil)


@pytest.mark.parametrize(
    ("error", "told"), [("invalid_client", "client"), ("unauthorized_client", "client"), ("what", "token"), (7, "token")]
)
def test_a_service_that_does_not_know_us_is_told_to_the_administrator(service: Oidc, evil: Evil, error: Any, told: str) -> None:
    evil.answers["/token"] = lambda: (401, {}, json.dumps({"error": error}).encode())
    assert why(service, evil) == told


@pytest.mark.parametrize("told", [{"id_token": None}, {"id_token": 7}, {"id_token": "a.b"}, {"id_token": "a.b.c.d.e"}, {"id_token": "é"}])
def test_an_answer_without_a_token_lets_nobody_in(service: Oidc, evil: Evil, told: dict[str, Any]) -> None:
    evil.token = lambda: {"access_token": "a", "token_type": "Bearer", **told}
    assert why(service, evil) in {"token", "signature"}


def test_what_is_too_long_is_not_read(service: Oidc, evil: Evil) -> None:
    evil.document["padding"] = "x" * MOST
    with pytest.raises(SignInServiceAway):
        begin(service, evil)


def test_what_is_packed_is_not_unpacked(evil: Evil) -> None:
    evil.answers["/.well-known/openid-configuration"] = lambda: (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b")
    assert why(of(evil), evil) == "encoding"


def test_whoever_drips_is_cut_off(evil: Evil) -> None:
    """A byte now and then would keep a timeout for each step waiting for ever."""
    evil.dripping = True
    started = monotonic()
    with pytest.raises(SignInServiceAway):
        begin(of(evil, seconds=0.3), evil)
    assert monotonic() - started > 0.2
    assert evil.left.wait(patient.SECONDS)
    assert SECONDS <= 5


def test_nobody_there_is_away() -> None:
    with kept_port() as port:
        gone = Oidc(OidcSettings(f"http://127.0.0.1:{port}", "gridmap", SECRET, "x"))
        with pytest.raises(SignInServiceAway):
            gone.begin(back=BACK, to="/", now=now())


ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.lists(st.none() | st.integers() | st.text(), max_size=2)
)
CLAIMS = st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nonce", "azp", "amr", "auth_time", "at_hash", "nbf", "acr"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.dictionaries(CLAIMS, ODD))
def test_whatever_a_token_claims_is_believed_or_refused(service: Oidc, evil: Evil, claims: dict[str, Any]) -> None:
    evil.claims = claims
    try:
        come_back(service, evil)
    except SignInServiceUntrusted:
        return
    assert not {"iss", "nonce", "exp", "sub"} & {name for name, claim in claims.items() if claim is None}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(max_size=60), st.text(max_size=200))
def test_whatever_comes_back_is_refused_in_a_sentence(service: Oidc, state: str, kept: str) -> None:
    with pytest.raises(SignInUnfinished):
        service.end({"code": "one", "state": state}, kept, back=BACK, now=now())
