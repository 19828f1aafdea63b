"""The national algorithms (SM2, SM3, SM4), sealed personal data with a blind index, and the signatures of the HIS gateway."""

from shared.crypto.algorithms import (
    hmac_sm3,
    sm2_decrypt,
    sm2_encrypt,
    sm2_key_pair,
    sm2_sign,
    sm2_verify,
    sm3,
    sm4_ctr,
)
from shared.crypto.sealing import SealBroken, Sealer
from shared.crypto.signatures import csb_signature, same_signature, x_tif_signature

__all__ = [
    "SealBroken",
    "Sealer",
    "csb_signature",
    "hmac_sm3",
    "same_signature",
    "sm2_decrypt",
    "sm2_encrypt",
    "sm2_key_pair",
    "sm2_sign",
    "sm2_verify",
    "sm3",
    "sm4_ctr",
    "x_tif_signature",
]
