"""SM2 (GM/T 0003), SM3 (GM/T 0004) and SM4 (GM/T 0002) as plain functions over bytes.

SM3 and SM4 run in OpenSSL through ``cryptography``; SM2 is pure Python (milliseconds a call) and for rare use only.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from gmalg import SM2
from gmalg.errors import GMError

SM2_DEFAULT_ID: Final = b"1234567812345678"
"""The signer's distinguishing id when the parties agreed on none (GM/T 0009, section 10)."""


def sm3(data: bytes) -> bytes:
    """The 32-byte SM3 digest."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """The 32-byte HMAC with SM3."""
    mac = hmac.HMAC(key, hashes.SM3())
    mac.update(data)
    return mac.finalize()


def sm4_ctr(key: bytes, nonce: bytes, data: bytes) -> bytes:
    """SM4 in counter mode; the same call encrypts and decrypts. 16-byte key and nonce; a nonce is used once per key."""
    stream = Cipher(algorithms.SM4(key), modes.CTR(nonce)).encryptor()
    return stream.update(data)


def sm2_key_pair(random_bits: Callable[[int], int] = secrets.randbits) -> tuple[bytes, bytes]:
    """A fresh pair: 32-byte private key, 65-byte public key (04, x, y)."""
    private, public = SM2(rnd_fn=random_bits).generate_keypair()
    return _whole(private), public


def sm2_sign(
    private: bytes, message: bytes, *, signer_id: bytes = SM2_DEFAULT_ID, random_bits: Callable[[int], int] = secrets.randbits
) -> bytes:
    """Signature as 64 bytes, r then s."""
    r, s = SM2(sk=private, uid=signer_id, rnd_fn=random_bits).sign(message)
    return _whole(r) + _whole(s)


def _whole(number: bytes) -> bytes:
    """A number of the curve's order in all its 32 bytes: the library leaves leading zeros out."""
    return number.rjust(32, b"\0")


def sm2_verify(public: bytes, message: bytes, signature: bytes, *, signer_id: bytes = SM2_DEFAULT_ID) -> bool:
    """Whether ``signature`` (r then s) is the key holder's; False also for anything malformed."""
    if len(signature) != 64:
        return False
    try:
        return bool(SM2(pk=public, uid=signer_id).verify(message, signature[:32], signature[32:]))
    except (GMError, ValueError):
        return False


def sm2_encrypt(public: bytes, plain: bytes, *, random_bits: Callable[[int], int] = secrets.randbits) -> bytes:
    """Ciphertext in the order of GM/T 0009: C1, C3, C2. Raises ValueError for an empty text, which SM2 cannot carry."""
    if not plain:
        raise ValueError("SM2 encrypts at least one byte")
    return bytes(SM2(pk=public, rnd_fn=random_bits).encrypt(plain))


def sm2_decrypt(private: bytes, sealed: bytes) -> bytes:
    """The plain text of a C1, C3, C2 ciphertext. Raises ValueError when it is not for this key or was changed."""
    try:
        return bytes(SM2(sk=private).decrypt(sealed))
    except (GMError, ValueError, IndexError) as cause:
        raise ValueError("not an SM2 ciphertext for this key") from cause
