"""OpenID Connect: people sign in at a provider, by its code flow with state, nonce and PKCE.

OpenID Connect Core 1.0, section 3.1. This module talks to the provider and checks what it says;
`puzzlecam_app.people.openid_accounts` finds the account.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlencode

from puzzlecam_app.errors import UserError
from puzzlecam_app.settings import Settings

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures that only the provider can make."""
_PATIENCE_S: Final = 10.0
_KEPT_S: Final = 3600.0
"""How long the provider's description of itself is used before it is read again."""
_LEEWAY_S: Final = 60
_LONGEST_SUBJECT: Final = 255
_AGAIN: Final = "Try again"
_SENTENCES: Final = {
    "iss": "the identity comes from another issuer than the configured one",
    "nonce": "the identity was made for another sign-in",
    "aud": "the identity was made for another application",
    "exp": "the identity has expired",
}


@dataclass(frozen=True)
class Begun:
    """What the browser keeps, in a cookie, while its owner is at the provider.

    `links` is the account (users.id) to link the identity to; None if somebody wants to sign in.
    """

    state: str
    nonce: str
    verifier: str
    wanted: str
    links: int | None = None

    def encode(self) -> str:
        """Return it as the value of a cookie."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def decode(cls, value: str) -> Begun | None:
        """Return what `encode` wrote; None for anything else."""
        try:
            content = json.loads(base64.urlsafe_b64decode(value))
            begun = cls(**content)
        except (ValueError, TypeError):
            return None
        texts = (begun.state, begun.nonce, begun.verifier, begun.wanted)
        is_right = all(isinstance(one, str) and one for one in texts)
        return begun if is_right and (begun.links is None or type(begun.links) is int) else None


@dataclass(frozen=True)
class Identity:
    """Who somebody is at the provider: `issuer` and `subject` together never change."""

    issuer: str
    subject: str
    name: str
    claims: Mapping[str, Any]


class Provider:
    """The provider that the settings name. Its methods wait for the network.

    Raises:
        UserError: A setting or the package authlib is missing.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.oidc_issuer is None or settings.oidc_client_id is None:
            raise UserError(
                "OpenID Connect needs the issuer and the id of the client",
                remedy="Set PUZZLECAM_OIDC_ISSUER and PUZZLECAM_OIDC_CLIENT_ID",
            )
        try:
            import authlib.integrations.httpx_client  # noqa: F401
        except ImportError as error:
            raise UserError(
                "OpenID Connect needs the package authlib", remedy="Install the extra: pip install '.[oidc]'"
            ) from error
        secret = settings.oidc_client_secret
        self.name = settings.oidc_name
        self._issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._secret = secret.get_secret_value() if secret else None
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] = {}
        self._read_at = -_KEPT_S

    def begin(self, back_to: str, wanted: str, links: int | None = None) -> tuple[str, Begun]:
        """Return the address at the provider to send a browser to, and what the browser keeps meanwhile.

        Args:
            back_to: Address of the studio that the provider sends the browser back to.
            wanted: Path that the person wants to open.
            links: As in `Begun`.

        Raises:
            UserError: The provider does not answer, or is another one than the settings say.
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        begun = Begun(state, nonce, verifier, wanted, links)
        with self._client(back_to) as client:
            address, _ = client.create_authorization_url(
                self._described("authorization_endpoint"),
                state=begun.state,
                nonce=begun.nonce,
                code_verifier=begun.verifier,
            )
        return str(address), begun

    def finish(self, begun: Begun | None, query: Mapping[str, str], back_to: str) -> Identity:
        """Return who the provider says has signed in there.

        Args:
            begun: What the browser kept; None if it kept nothing.
            query: What the provider sent with the browser: `state`, and `code` or `error`.
            back_to: As for `begin`.

        Raises:
            UserError: The person was refused, or what the provider says cannot be trusted.
        """
        from authlib.common.errors import AuthlibBaseError
        from httpx2 import HTTPError

        if begun is None or not hmac.compare_digest(begun.state.encode(), query.get("state", "").encode()):
            raise UserError(
                "this sign-in was not begun in this browser, or more than ten minutes ago", remedy=_AGAIN
            )
        if "error" in query:
            why = (query.get("error_description") or query["error"])[:200]
            raise UserError(f"{self.name} refused the sign-in: {why}", remedy=_AGAIN)
        try:
            with self._client(back_to) as client:
                token = client.fetch_token(
                    self._described("token_endpoint"),
                    grant_type="authorization_code",
                    code=query.get("code", ""),
                    code_verifier=begun.verifier,
                )
        except (AuthlibBaseError, HTTPError, ValueError) as error:
            raise UserError(
                f"{self.name} did not accept the sign-in ({str(error)[:200]})", remedy=_AGAIN
            ) from error
        claims = self._checked(token, begun.nonce)
        if claims.get("email_verified") is False:
            raise UserError(f"{self.name} has not verified your e-mail address", remedy="Verify it there")
        subject = claims["sub"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= _LONGEST_SUBJECT:
            raise UserError("the identity does not say whose it is", remedy="Ask the provider's operator")
        names = (claims.get(one) for one in ("preferred_username", "name", "email"))
        name = next((one for one in names if isinstance(one, str) and one.strip()), "person")
        return Identity(claims["iss"], subject, name.partition("@")[0], claims)

    def sign_out_address(self, back_to: str) -> str | None:
        """Return where a person can sign out at the provider too; None if it offers that nowhere."""
        try:
            address = self._read().get("end_session_endpoint")
        except UserError:
            return None
        if not isinstance(address, str):
            return None
        asked = urlencode({"client_id": self._client_id, "post_logout_redirect_uri": back_to})
        return f"{address}{'&' if '?' in address else '?'}{asked}"

    def _client(self, back_to: str) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            self._client_id,
            self._secret,
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
            scope="openid profile email",
            redirect_uri=back_to,
            code_challenge_method="S256",
            timeout=_PATIENCE_S,
        )

    def _checked(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of the identity token once its signature and all claims are right."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import ClaimError, ExpiredTokenError, InvalidKeyIdError, JoseError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        registry = JWSRegistry(algorithms=list(_ALGORITHMS), strict_check_header=False)
        try:
            given = token["id_token"]
            try:
                decoded = jwt.decode(given, KeySet.import_key_set(self._keys()), registry=registry)
            except InvalidKeyIdError:  # the provider has new keys
                decoded = jwt.decode(given, KeySet.import_key_set(self._keys(anew=True)), registry=registry)
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"the signature of the identity is not that of {self.name}", remedy=_AGAIN
            ) from error
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": self._read()["issuer"]},
                "aud": {"essential": True, "value": self._client_id},
                "sub": {"essential": True},
            },
            {
                "nonce": nonce,
                "client_id": self._client_id,
                "access_token": token.get("access_token"),
            },
        )
        try:
            claims.validate(leeway=_LEEWAY_S)
        except ExpiredTokenError as error:
            raise UserError(_SENTENCES["exp"], remedy=_AGAIN) from error
        except ClaimError as error:
            claim = str(getattr(error, "claim", ""))
            sentence = _SENTENCES.get(claim, f"the claim {claim!r} of the identity is wrong or missing")
            raise UserError(sentence, remedy=_AGAIN) from error
        return dict(claims)

    def _described(self, endpoint: str) -> str:
        address = self._read().get(endpoint)
        if not isinstance(address, str):
            raise UserError(f"{self.name} does not say its {endpoint}", remedy="Ask its operator")
        return address

    def _read(self) -> dict[str, Any]:
        """The provider's description of itself (OpenID Connect Discovery 1.0)."""
        with self._lock:
            if time.monotonic() - self._read_at > _KEPT_S:
                described = self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                if str(described.get("issuer", "")).rstrip("/") != self._issuer.rstrip("/"):
                    raise UserError(
                        f"the provider at {self._issuer} says that it is another issuer",
                        remedy="Set PUZZLECAM_OIDC_ISSUER to what it says in its openid-configuration",
                    )
                self._metadata, self._read_at = described, time.monotonic()
            return self._metadata

    def _keys(self, *, anew: bool = False) -> Any:
        described = self._read()
        if anew or "jwks" not in described:
            described["jwks"] = self._get(self._described("jwks_uri"))
        return described["jwks"]

    def _get(self, address: str) -> dict[str, Any]:
        import httpx2

        try:
            answer = httpx2.get(address, timeout=_PATIENCE_S)
            answer.raise_for_status()
            content = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise UserError(f"{self.name} does not answer", remedy="Try again soon") from error
        if not isinstance(content, dict):
            raise UserError(f"{self.name} does not answer as a provider does", remedy="Ask its operator")
        return content
