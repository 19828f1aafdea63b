"""Personal data at rest and in events: sealed with authenticated encryption, found again by a blind index.

A sealed value is base64url of: key id (4 bytes), nonce (16), SM4-CTR ciphertext, HMAC-SM3 tag over all of it (first 16
bytes; encrypt, then MAC). The key id is a digest of the key, so that old values stay readable after a rotation.
"""

from __future__ import annotations

import os
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from hmac import compare_digest

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from shared.crypto.algorithms import hmac_sm3

_ID, _NONCE, _TAG = 4, 16, 16


class SealBroken(ValueError):
    """The text was not sealed with a key we hold, or was changed since."""


class _Key:
    """The cipher and MAC of one master key, prepared once because unsealing is on the settlement's path."""

    def __init__(self, master: bytes) -> None:
        self.id = hmac_sm3(master, b"key id")[:_ID]
        self.cipher = algorithms.SM4(hmac_sm3(master, b"encryption")[:16])
        self._mac = hmac.HMAC(hmac_sm3(master, b"authentication"), hashes.SM3())

    def crypt(self, nonce: bytes, data: bytes) -> bytes:
        return Cipher(self.cipher, modes.CTR(nonce)).encryptor().update(data)

    def tag(self, data: bytes) -> bytes:
        mac = self._mac.copy()
        mac.update(data)
        return mac.finalize()[:_TAG]


class Sealer:
    """Seals with ``key``, opens what ``key`` or one of ``retired`` sealed.

    Keys are at least 16 bytes of good randomness. The blind index must survive a rotation, or nobody is found any more: with
    retired keys an ``index_key`` (the first key, or one of its own) must be given; without, it comes from ``key``.
    Raises ValueError on a short key or a missing index key.
    """

    def __init__(
        self,
        key: bytes,
        *,
        retired: Sequence[bytes] = (),
        index_key: bytes | None = None,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        if any(len(k) < 16 for k in (key, *retired, index_key or key)):
            raise ValueError("a sealing key has at least 16 bytes")
        if retired and index_key is None:
            raise ValueError("after a rotation the index key must be named, or the blind index changes")
        self._current = _Key(key)
        self._keys = {k.id: k for k in [*map(_Key, retired), self._current]}
        self._index = hmac.HMAC(hmac_sm3(index_key or key, b"blind index"), hashes.SM3())
        self._random_bytes = random_bytes

    def seal(self, plain: bytes | str) -> str:
        """Encrypt and authenticate; two seals of the same text differ."""
        key = self._current
        nonce = self._random_bytes(_NONCE)
        body = key.id + nonce + key.crypt(nonce, plain.encode() if isinstance(plain, str) else plain)
        return urlsafe_b64encode(body + key.tag(body)).decode()

    def open(self, sealed: str) -> bytes:
        """The plain bytes. Raises SealBroken."""
        try:
            raw = urlsafe_b64decode(sealed)
        except ValueError:
            raise SealBroken("not a sealed value") from None
        key = self._keys.get(raw[:_ID])
        if key is None or len(raw) < _ID + _NONCE + _TAG:
            raise SealBroken("sealed with a key that we do not hold")
        body, tag = raw[:-_TAG], raw[-_TAG:]
        if not compare_digest(key.tag(body), tag):
            raise SealBroken("sealed value was changed")
        return key.crypt(body[_ID : _ID + _NONCE], body[_ID + _NONCE :])

    def needs_resealing(self, sealed: str) -> bool:
        """Whether a value was sealed with another key than the present one (for the job that follows a rotation)."""
        return urlsafe_b64decode(sealed[:8])[:_ID] != self._current.id

    def index(self, value: str) -> str:
        """The blind index of a value: equal for equal values, tells nothing else. 32 hex characters.

        Normalised first: full-width characters folded, white space dropped, upper case; so the X of a resident id and a
        pasted blank do not hide a person.
        """
        mac = self._index.copy()
        mac.update("".join(unicodedata.normalize("NFKC", value).split()).upper().encode())
        return mac.finalize()[:16].hex()
