"""A small provider of OpenID Connect on a thread of the test: RS256, PKCE, and any claims."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "studio", "a secret of the studio"


class SmallProvider:
    """What it signs is `usual` claims and those of `claims`; a claim that is None there is left out."""

    def __init__(self, issuer: str, key: RSAKey) -> None:
        self.issuer = issuer
        self.said_issuer = issuer
        self.key = key
        self.signing_key = key
        self.claims: dict[str, Any] = {}
        self.asked: dict[str, str] = {}

    def authorize(self, address: str) -> str:
        """Sign in as a browser does that is sent to the provider; returns the address to come back to."""
        parts = urlsplit(address)
        self.asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        return f"{self.asked['redirect_uri']}?code=right&state={self.asked['state']}"

    def answer(self, path: str, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Answer a request of the studio; None refuses it."""
        if path == "/.well-known/openid-configuration":
            places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            described = {name: f"{self.issuer}/{place}" for name, place in places.items()}
            leaving = {"end_session_endpoint": f"{self.issuer}/leave"}
            return {"issuer": self.said_issuer, **described, **leaving}
        if path == "/keys":
            return dict(KeySet([self.key]).as_dict(private=False))
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        is_right = form.get("code") == "right" and challenge == self.asked.get("code_challenge")
        if path != "/token" or authorization != f"Basic {basic}" or not is_right:
            return None
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "42",
            "iat": now,
            "exp": now + 60,
            "nonce": self.asked["nonce"],
            "preferred_username": "eva",
        }
        claims = {name: value for name, value in {**usual, **self.claims}.items() if value is not None}
        signed = jwt.encode({"alg": "RS256", "kid": self.signing_key.kid}, claims, self.signing_key)
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": signed}


@contextmanager
def small_provider(key: RSAKey) -> Iterator[SmallProvider]:
    """A provider that answers until the block ends."""
    provider: SmallProvider

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/authorize?"):
                self.send_response(303)
                self.send_header("Location", provider.authorize(f"{provider.issuer}{self.path}"))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, form: dict[str, str]) -> None:
            found = provider.answer(self.path, form, self.headers.get("Authorization", ""))
            body = json.dumps(found or {"error": "invalid_grant"}).encode()
            self.send_response(200 if found else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = SmallProvider(f"http://127.0.0.1:{server.server_port}", key)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()
