"""OpenID Connect, as much of it as signing in needs: code flow with PKCE, and an id token that is verified in full.

Written here because the usual helper trusts an id token that comes over TLS without looking at its signature, and
knows no nonce (docs/decisions/0017).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ["RS256", "PS256", "ES256"]
_TIMEOUT = httpx.Timeout(5)
_MOST = 256 * 1024
_LEEWAY = 60
# A person who confirms that it is them has signed in at the provider within so many seconds.
_AGAIN = 300


class Refused(Exception):  # noqa: N818 -- a sentence for whoever signs in, no failure of ours
    """The provider's answer proves nothing, or there is none."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What the operator configured."""

    issuer: str
    client: str
    secret: str


@dataclass(frozen=True, slots=True)
class Pending:
    """What a browser takes along to the provider and must bring back, once."""

    state: str
    nonce: str
    verifier: str
    next: str
    again: bool


@dataclass(frozen=True, slots=True)
class Claims:
    """Who the provider says it is. `email` is empty unless the provider has verified it."""

    subject: str
    email: str


def pending(next_page: str, *, again: bool) -> Pending:
    """Fresh secrets for one sign-in."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Pending(state, nonce, verifier, next_page, again)


def address(provider: Provider, taken: Pending, callback: str) -> str:
    """Where to send the browser. Raises `Refused` when the provider cannot be reached."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(taken.verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": provider.client,
        "redirect_uri": callback,
        "scope": "openid email",
        "state": taken.state,
        "nonce": taken.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **({"prompt": "login", "max_age": "0"} if taken.again else {}),
    }
    endpoint = _discovered(provider)["authorization_endpoint"]
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def claims(provider: Provider, taken: Pending, code: str, callback: str) -> Claims:
    """Exchange the code and verify who signed in. Raises `Refused`."""
    known = _discovered(provider)
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback,
        "code_verifier": taken.verifier,
        "client_id": provider.client,
        "client_secret": provider.secret,
    }
    answer = _asked("POST", known["token_endpoint"], data=sent)
    return verified(provider, taken, str(answer.get("id_token", "")), _asked("GET", known["jwks_uri"]), time.time())


def verified(provider: Provider, taken: Pending, token: str, keys: dict[str, Any], now: float) -> Claims:
    """What an id token proves to us, at `now` in seconds. Raises `Refused`."""
    try:
        found = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(now),
            leeway=_LEEWAY,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.client},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": taken.nonce},
        )
        registry.validate(found)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Refused("The provider's answer could not be verified.") from error
    subject, email = found["sub"], found.get("email")
    several = isinstance(found["aud"], list) and len(found["aud"]) > 1
    if (several or "azp" in found) and found.get("azp") != provider.client:
        raise Refused("The provider's answer is for somebody else.")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Refused("The provider's answer names nobody.")
    signed = found.get("auth_time")
    if taken.again and not (isinstance(signed, int) and now - _AGAIN <= signed <= now + _LEEWAY):
        raise Refused("The provider did not ask you to sign in anew.")
    sure = found.get("email_verified") is True and isinstance(email, str)
    return Claims(subject, str(email) if sure else "")


def _discovered(provider: Provider) -> dict[str, str]:
    """The provider's addresses, which must be as safe as the issuer's own."""
    found = _asked("GET", f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    scheme = urlsplit(provider.issuer).scheme
    known = {name: found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    if found.get("issuer") != provider.issuer or not all(
        isinstance(each, str) and urlsplit(each).scheme in ("https", scheme) for each in known.values()
    ):
        raise Refused("The provider describes itself as somebody else.")
    return {name: str(each) for name, each in known.items()}


def _asked(method: str, url: str, **more: Any) -> dict[str, Any]:
    """A JSON object of limited size, within seconds, from nowhere else."""
    try:
        with (
            httpx.Client(timeout=_TIMEOUT, trust_env=False, follow_redirects=False) as client,
            client.stream(method, url, headers={"Accept": "application/json"}, **more) as answer,
        ):
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > _MOST:
                    raise Refused("The provider's answer is too long.")
            found = orjson.loads(body) if answer.status_code == 200 else None
    except (httpx.HTTPError, httpx.InvalidURL, orjson.JSONDecodeError) as error:
        raise Refused("The provider does not answer.") from error
    if not isinstance(found, dict):
        raise Refused("The provider does not answer.")
    return found
