"""Who asks, what he may do and where; tokens that carry it between processes."""

from shared.auth.principal import Principal
from shared.auth.tokens import (
    FixedKey,
    JwksKeys,
    KeySource,
    ServiceTokens,
    TokenSigner,
    TokenVerifier,
    signer_from_setting,
)

__all__ = [
    "FixedKey",
    "JwksKeys",
    "KeySource",
    "Principal",
    "ServiceTokens",
    "TokenSigner",
    "TokenVerifier",
    "signer_from_setting",
]
