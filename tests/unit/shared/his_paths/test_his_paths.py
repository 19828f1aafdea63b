"""Where HIS messages are accepted (chs-interface 1.1, 1.2)."""

from __future__ import annotations

import pytest

from shared.his_paths import FILE_PATHS, SINGLE_PATHS, TRANSACTION_PATHS, match_his_path


@pytest.mark.parametrize("path", SINGLE_PATHS + FILE_PATHS)
def test_one_path_for_every_transaction(path: str) -> None:
    for written in (path, path + "/"):
        match = match_his_path(written)
        assert match is not None
        assert match.infno is None


@pytest.mark.parametrize("path", [*SINGLE_PATHS, "/hsa/hgs", "", "/any/base/of/a/gateway"])
@pytest.mark.parametrize(("tail", "infno"), [("2207", "2207"), ("2203A", "2203A"), ("2203a", "2203A"), ("100001", "100001")])
def test_the_transaction_appended(path: str, tail: str, infno: str) -> None:
    match = match_his_path(f"{path}/{tail}")
    assert match is not None
    assert match.infno == infno


def test_a_path_of_its_own_per_transaction() -> None:
    assert len(TRANSACTION_PATHS) == 38
    for path, infno in TRANSACTION_PATHS.items():
        match = match_his_path(path)
        assert match is not None
        assert match.infno == infno
    assert TRANSACTION_PATHS["/fsi/api/outpatientSettleService/cancleSettletment"] == "2208"


@pytest.mark.parametrize(
    "path",
    ["", "/", "/v1/settlements/2207", "/v1/2207", "/fsi/api", "/hsa/hgs/22077", "/hsa/hgs/x2207", "/hsa/2207/x", "/２２０７"],
)
def test_anything_else_is_no_his_path(path: str) -> None:
    assert match_his_path(path) is None
