from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.crypto import SealBroken, Sealer

OLD, NEW, THIRD = b"old key 16 bytes", b"new key 16 bytes", b"yet another key.."


@given(st.binary(max_size=500))
def test_open_gives_back_what_was_sealed(plain: bytes) -> None:
    sealer = Sealer(OLD)
    assert sealer.open(sealer.seal(plain)) == plain


def test_text_is_sealed_as_utf8_and_every_seal_differs() -> None:
    sealer = Sealer(OLD)
    first, second = sealer.seal("张三"), sealer.seal("张三")
    assert first != second
    assert sealer.open(first) == sealer.open(second) == "张三".encode()


def test_format_is_key_id_nonce_ciphertext_tag() -> None:
    sealer = Sealer(OLD, random_bytes=lambda n: bytes(n))
    raw = urlsafe_b64decode(sealer.seal(b"abc"))
    assert len(raw) == 4 + 16 + 3 + 16
    assert raw[4:20] == bytes(16)
    assert b"abc" not in raw


def test_every_changed_byte_is_noticed() -> None:
    sealer = Sealer(OLD)
    raw = urlsafe_b64decode(sealer.seal(b"420502199001011234"))
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(SealBroken):
            sealer.open(urlsafe_b64encode(bytes(changed)).decode())


@pytest.mark.parametrize("text", ["", "plain text", "====", "AAAA", "张三", "A" * 47])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(SealBroken):
        Sealer(OLD).open(text)


def test_a_truncated_value_is_refused() -> None:
    sealer = Sealer(OLD)
    raw = urlsafe_b64decode(sealer.seal(b""))
    with pytest.raises(SealBroken):
        sealer.open(urlsafe_b64encode(raw[:20]).decode())


def test_rotation_opens_old_values_and_keeps_the_index() -> None:
    before = Sealer(OLD)
    after = Sealer(NEW, retired=[OLD], index_key=OLD)
    value = before.seal("x")
    assert after.open(value) == b"x"
    assert after.index("x") == before.index("x")
    assert after.needs_resealing(value) is True
    assert after.needs_resealing(after.seal("x")) is False
    with pytest.raises(SealBroken, match="do not hold"):
        before.open(after.seal("x"))


def test_rotation_without_a_named_index_key_is_refused() -> None:
    with pytest.raises(ValueError, match="index key must be named"):
        Sealer(NEW, retired=[OLD])


@pytest.mark.parametrize(("key", "retired", "index"), [(b"short", [], None), (OLD, [b"short"], OLD), (OLD, [], b"short")])
def test_short_keys_are_refused(key: bytes, retired: list[bytes], index: bytes | None) -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        Sealer(key, retired=retired, index_key=index)


def test_index_folds_width_case_and_blanks_and_depends_on_the_key() -> None:
    sealer = Sealer(OLD)
    plain = sealer.index("01|42050219900101123X")
    assert len(plain) == 32
    assert sealer.index("01|42050219900101123x") == plain
    assert sealer.index(" 01|420502 19900101123X\n") == plain
    assert sealer.index("０１|４２０５０２１９９００１０１１２３Ｘ") == plain
    assert sealer.index("01|420502199001011230") != plain
    assert Sealer(THIRD).index("01|42050219900101123X") != plain
