from __future__ import annotations

import warnings
from base64 import urlsafe_b64encode
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from joserfc.jwk import OKPKey

TOKEN_SECONDS = 300
TYPE = "elevation+jwt"
ISSUER = "placet"

# RFC 9864 renames EdDSA on this curve to Ed25519. Most verifiers in the field know the old name only.
warnings.filterwarnings("ignore", message="EdDSA is deprecated")


@lru_cache(maxsize=1)
def _private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(settings.PLACET_SIGNING_KEY)


@lru_cache(maxsize=1)
def _key() -> OKPKey:
    """The Ed25519 key of this deployment, named by its RFC 7638 thumbprint."""
    key = OKPKey.import_key(_private().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key.ensure_kid()
    return key


@lru_cache(maxsize=1)
def _header() -> bytes:
    return _encoded(orjson.dumps({"alg": "EdDSA", "typ": TYPE, "kid": _key().kid}))


def _encoded(part: bytes) -> bytes:
    """Base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(part).rstrip(b"=")


def mint(
    *, grant: str, agent: str, audience: str, digest: bytes, now: datetime, not_before: datetime,
    expires_at: datetime,
) -> str:  # fmt: skip
    """A JWS (EdDSA, typ `elevation+jwt`, RFC 8725 section 3.11) that points at a grant.

    It lives until the grant expires, at most `TOKEN_SECONDS`. The row decides, the token only
    proves: EdDSA is deterministic and nothing of it is stored.
    """
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": agent,
        "aud": audience,
        "jti": grant,
        "iat": issued,
        "nbf": int(not_before.timestamp()),
        "exp": min(int(expires_at.timestamp()), max(issued, int(not_before.timestamp())) + TOKEN_SECONDS),
        "action_hash": digest.hex(),
    }
    # RFC 7515 section 7.1: the header never changes, and a signature is all that a decision can wait for
    signed = _header() + b"." + _encoded(orjson.dumps(claims))
    return (signed + b"." + _encoded(_private().sign(signed))).decode()


def jwks() -> dict[str, Any]:
    """The public key set that `/.well-known/jwks.json` serves."""
    public = _key().as_dict(private=False)
    return {"keys": [{**public, "use": "sig", "alg": "EdDSA"}]}
