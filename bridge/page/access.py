"""Who may see the page: this computer, or who has the token; and never another site's script."""

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from tsumami.engine.errors import SessionError

LEAST_TOKEN: Final = 8
"""Characters of a token."""
_LOOPBACK_NAMES: Final = frozenset({"localhost", "localhost.localdomain"})


def is_loopback(host: str) -> bool:
    """Whether a name or address is this computer's own."""
    if host.casefold() in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_token(host: str, token: str | None) -> None:
    """Refuse to let the network in without a token, and one that is guessed; raises `SessionError`."""
    if token is None:
        if not is_loopback(host):
            raise SessionError(
                f"--page-host must stand with a --page-token where it is not this computer, got {host} alone"
            )
    elif len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise SessionError(
            f"--page-token must be at least {LEAST_TOKEN} letters, digits or signs, got {len(token)} of them"
        )


class Access:
    """Checks the headers of every request and socket; ``port`` is the page's, ``token`` None on loopback."""

    def __init__(self, port: int, token: str | None) -> None:
        self._token = None if token is None else token.encode()
        self.cookie_name = f"tsumami-{port}"
        """Cookies do not tell ports apart."""

    @property
    def has_token(self) -> bool:
        """Whether one is needed."""
        return self._token is not None

    def is_from_here(self, headers: Mapping[str, str]) -> bool:
        """Whether a request is the page's own: not another site's, nor by a name that was bound to us.

        Browsers say in ``Origin`` whose script asks; what is no browser may leave it out.
        """
        host = headers.get("host", "")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.casefold() != host.casefold():
            return False
        return self.has_token or is_loopback(_name_of(host))

    def is_known(self, headers: Mapping[str, str]) -> bool:
        """Whether a request has the token, in its cookie or as a bearer's."""
        if not self.has_token:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "bearer" and self.is_token(given.strip()):
            return True
        return hmac.compare_digest(_cookie(headers, self.cookie_name).encode(), self.pass_of().encode())

    def is_token(self, given: str) -> bool:
        """Whether this is the token; takes as long for a wrong one."""
        return self._token is not None and hmac.compare_digest(_digest(given.encode()), _digest(self._token))

    def pass_of(self) -> str:
        """What the cookie holds: made of the token, which cannot be made of it."""
        return "" if self._token is None else hmac.new(self._token, b"page", hashlib.sha256).hexdigest()


def _digest(text: bytes) -> bytes:
    """Of one length, so that the comparison tells nothing of the token's."""
    return hashlib.sha256(text).digest()


def _name_of(host: str) -> str:
    """The name in a ``Host`` header, without port and brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _cookie(headers: Mapping[str, str], name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return "" if found is None else found.value
