"""Signing, hashing and sealing with the one secret of this installation; knows no meaning."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_secret = b""


class SealBroken(Exception):
    """A sealed text was not sealed with this installation's secret, or was changed."""


def use_secret(secret: str) -> None:
    """Set the installation's secret; done once at start."""
    global _secret
    _secret = secret.encode()
    _key_for.cache_clear()


@lru_cache(maxsize=64)
def _key_for(purpose: str) -> bytes:
    return hmac.new(_secret, f"key for {purpose}".encode(), hashlib.sha256).digest()


def sign(purpose: str, message: bytes, *, length: int = 16) -> bytes:
    """Return a keyed digest of the message, bound to a purpose, cut to `length` bytes."""
    return hmac.new(_key_for(purpose), message, hashlib.sha256).digest()[:length]


def is_signed(purpose: str, message: bytes, signature: bytes) -> bool:
    """Tell in constant time whether the signature is ours for this purpose."""
    return hmac.compare_digest(sign(purpose, message, length=len(signature)), signature)


def keyed_hash(purpose: str, text: str) -> str:
    """Return a hash of short or guessable text that a copy of the database does not reveal."""
    return hmac.new(_key_for(purpose), text.encode(), hashlib.sha256).hexdigest()


def plain_hash(text: str) -> str:
    """Return the hash under which a long random secret is stored (S-35, S-133)."""
    return hashlib.sha256(text.encode()).hexdigest()


def random_token(length: int = 32) -> str:
    """Return `length` random bytes as letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(length)


def seal(text: str) -> str:
    """Encrypt a text so that the database alone does not give it away."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Decrypt what `seal` made; raises SealBroken."""
    from cryptography.fernet import InvalidToken

    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealBroken from error


def _box() -> Fernet:
    from cryptography.fernet import Fernet

    return Fernet(base64.urlsafe_b64encode(_key_for("seal")))
