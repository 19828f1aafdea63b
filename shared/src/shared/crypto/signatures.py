"""The two gateway signatures that hospital systems put on their messages (chs-interface, section 1.3). Pure functions."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping


def x_tif_signature(timestamp: str, secret: str, nonce: str) -> str:
    """``x-tif-signature``: lower-case hex SHA-256 of timestamp, secret, nonce, timestamp without separators."""
    return hashlib.sha256(f"{timestamp}{secret}{nonce}{timestamp}".encode()).hexdigest()


def csb_signature(fields: Mapping[str, str], secret: str) -> str:
    """``_api_signature``: base64 HMAC-SHA1 of the other ``_api_*`` values as key=value, sorted by key, joined with &."""
    text = "&".join(f"{key}={fields[key]}" for key in sorted(fields))
    return b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def same_signature(expected: str, got: str) -> bool:
    """Compare in constant time. Hex callers lower the case of ``got`` first; base64 is compared as it is."""
    return hmac.compare_digest(expected.encode(), got.strip().encode())
