"""Known answers of GM/T 0002 (SM4), 0003.5 (SM2, recommended curve) and 0004 (SM3)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.crypto import hmac_sm3, sm2_decrypt, sm2_encrypt, sm2_key_pair, sm2_sign, sm2_verify, sm3, sm4_ctr

PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
K = int("59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21", 16)


def fixed_k(_bits: int) -> int:
    return K


def test_sm3_standard_examples() -> None:
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_sm4_standard_example() -> None:
    # Counter mode with the standard's plain text as the counter shows the block cipher itself: E(counter) xor zeros.
    key = block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert sm4_ctr(key, block, bytes(16)).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_counter_mode_example_of_draft_ribose_cfrg_sm4() -> None:
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    plain = bytes.fromhex("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb")
    sealed = sm4_ctr(key, bytes.fromhex("000102030405060708090a0b0c0d0e0f"), plain)
    assert sealed.hex() == "ac3236cb970cc20791364c395a1342d1"
    assert sm4_ctr(key, bytes.fromhex("000102030405060708090a0b0c0d0e0f"), sealed) == plain


def test_hmac_sm3_is_the_rfc_2104_construction() -> None:
    key, data = b"k" * 20, b"data"
    inner = sm3(bytes(b ^ 0x36 for b in key.ljust(64, b"\0")) + data)
    assert hmac_sm3(key, data) == sm3(bytes(b ^ 0x5C for b in key.ljust(64, b"\0")) + inner)


def test_sm2_signature_standard_example() -> None:
    signature = sm2_sign(PRIVATE, b"message digest", random_bits=fixed_k)
    assert signature.hex().upper() == (
        "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
        "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    )
    assert sm2_verify(PUBLIC, b"message digest", signature)
    assert not sm2_verify(PUBLIC, b"message digesT", signature)
    assert not sm2_verify(PUBLIC, b"message digest", signature, signer_id=b"other")


@pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"\xff" * 64, b"\0" * 63])
def test_sm2_malformed_signature_is_just_false(signature: bytes) -> None:
    assert sm2_verify(PUBLIC, b"message digest", signature) is False


def test_sm2_malformed_public_key_is_just_false() -> None:
    assert sm2_verify(b"\x04" + b"\1" * 64, b"m", b"\1" * 64) is False
    assert sm2_verify(b"short", b"m", b"\1" * 64) is False


def test_sm2_encryption_standard_example() -> None:
    sealed = sm2_encrypt(PUBLIC, b"encryption standard", random_bits=fixed_k)
    assert sealed.hex().upper() == (
        "0404EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
        "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
        "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
        "21886CA989CA9C7D58087307CA93092D651EFA"
    )
    assert sm2_decrypt(PRIVATE, sealed) == b"encryption standard"


def test_sm2_changed_ciphertext_is_refused() -> None:
    sealed = bytearray(sm2_encrypt(PUBLIC, b"encryption standard", random_bits=fixed_k))
    sealed[-1] ^= 1
    for broken in (bytes(sealed), b"", b"\x04" + bytes(96), bytes(sealed[:50])):
        with pytest.raises(ValueError, match="not an SM2 ciphertext"):
            sm2_decrypt(PRIVATE, broken)


def test_sm2_cannot_carry_nothing() -> None:
    with pytest.raises(ValueError, match="at least one byte"):
        sm2_encrypt(PUBLIC, b"")


def test_sm2_fresh_pairs_work_and_differ() -> None:
    private, public = sm2_key_pair()
    assert (len(private), len(public), public[0]) == (32, 65, 4)
    assert sm2_verify(public, b"x", sm2_sign(private, b"x"))
    assert not sm2_verify(PUBLIC, b"x", sm2_sign(private, b"x"))


def test_sm2_numbers_keep_their_leading_zeros() -> None:
    bits = random.Random(2026).getrandbits  # one in 128 signatures, and one in 256 keys, begins a number with a zero byte
    pairs = [sm2_key_pair(bits) for _ in range(600)]
    assert {(len(private), len(public)) for private, public in pairs} == {(32, 65)}
    short = [pair for pair in pairs if pair[0][0] == 0]
    assert short
    assert all(sm2_verify(public, b"x", sm2_sign(private, b"x", random_bits=bits)) for private, public in short)
    private, public = pairs[0]
    signatures = [sm2_sign(private, b"x", random_bits=bits) for _ in range(400)]
    assert {len(signature) for signature in signatures} == {64}
    begun_with_zero = [signature for signature in signatures if 0 in (signature[0], signature[32])]
    assert begun_with_zero
    assert all(sm2_verify(public, b"x", signature) for signature in begun_with_zero)


@given(st.binary(max_size=300), st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_sm4_counter_mode_is_its_own_inverse(data: bytes, key: bytes, nonce: bytes) -> None:
    assert sm4_ctr(key, nonce, sm4_ctr(key, nonce, data)) == data
