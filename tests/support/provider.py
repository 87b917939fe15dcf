"""An OpenID provider in a process of its own, for tests: who signs in, and how it lies, says the address asked."""

from __future__ import annotations

import base64
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "placet", "a secret of the client"


def serve(ready: Connection) -> None:
    """Serve until killed; the port goes to `ready`."""
    key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
    stranger = ECKey.generate_key("P-256", {"kid": "one"})
    asked: dict[str, dict[str, str]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/authorize":
                # a person would sign in here: the test names them, and the lie, in the state of the provider
                code = f"code-{len(asked)}"
                asked[code] = query
                self._to(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")
            elif parts.path == "/keys":
                self._json({"keys": [key.as_dict(private=False)]})
            else:
                issuer = issuer_of(server)
                self._json(
                    {
                        "issuer": issuer,
                        "authorization_endpoint": f"{issuer}/authorize",
                        "token_endpoint": f"{issuer}/token",
                        "jwks_uri": f"{issuer}/keys",
                    }
                )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            if urlsplit(self.path).path == "/answer":
                server.lie = json.loads(body) if body.startswith("{") else {}  # type: ignore[attr-defined]
                return self._json({})
            question = asked.pop(sent["code"], None)
            if question is None or (sent["client_id"], sent["client_secret"]) != (CLIENT, SECRET):
                self.send_error(400)
                return None
            return self._json({"id_token": token(getattr(server, "lie", {}), question), "token_type": "Bearer"})

        def _to(self, address: str) -> None:
            self.send_response(302)
            self.send_header("Location", address)
            self.end_headers()

        def _json(self, content: dict[str, Any]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
            """Nothing is printed."""

    def token(lie: dict[str, Any], question: dict[str, str]) -> str:
        now = int(time.time())
        honest = {
            "iss": issuer_of(server),
            "aud": CLIENT,
            "sub": "subject-of-ada",
            "nonce": question["nonce"],
            "iat": now,
            "exp": now + 60,
            "auth_time": now,
            "email": "ada@example.com",
            "email_verified": True,
        }
        claims = {**honest, **lie.get("claims", {})}
        claims = {name: value for name, value in claims.items() if value is not None}
        how = lie.get("how")
        if how == "none":
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        if how == "hmac with the public key":
            from joserfc.jwk import OctKey

            shared = OctKey.import_key(key.as_pem(private=False))
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, shared)
        if how == "another key":
            return jwt.encode({"alg": "ES256", "kid": "one"}, claims, stranger)
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
        if how == "another body":
            head, _, signature = signed.split(".")
            return f"{head}.{_part({**claims, 'sub': 'subject-of-mary'})}.{signature}"
        return "not a token" if how == "no token" else signed

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ready.send(server.server_port)
    server.serve_forever()


def issuer_of(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
