from shared.crypto import csb_signature, same_signature, x_tif_signature


def test_x_tif_joins_timestamp_secret_nonce_timestamp() -> None:
    # printf '1700000000secretnonce1700000000' | sha256sum
    assert (
        x_tif_signature("1700000000", "secret", "nonce") == "79b5fa2ac51a4476d25251a32c9766e6f5bb966021ef6df3778a72fb07039ee4"
    )


def test_csb_sorts_by_key_whatever_the_order_given() -> None:
    # printf '_api_access_key=ak&_api_name=2207&_api_timestamp=1700000000000&_api_version=1.0.0' \
    #   | openssl dgst -sha1 -hmac secret -binary | base64
    fields = {"_api_name": "2207", "_api_version": "1.0.0", "_api_timestamp": "1700000000000", "_api_access_key": "ak"}
    assert csb_signature(fields, "secret") == "4uasJ5cwDyVmkgmkwWXwUeF9yEU="
    assert csb_signature(dict(reversed(fields.items())), "secret") == "4uasJ5cwDyVmkgmkwWXwUeF9yEU="
    assert csb_signature(fields | {"_api_name": "2208"}, "secret") != "4uasJ5cwDyVmkgmkwWXwUeF9yEU="


def test_compare() -> None:
    assert same_signature("abc", "abc ")
    assert not same_signature("abc", "abd")
    assert not same_signature("abc", "")
    assert not same_signature("abc", "签名")
