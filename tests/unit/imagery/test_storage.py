"""Files are in the store whole, under safe names, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from farm.errors import InvalidInputError, NotFoundError, StorageFullError
from farm.imagery.storage import FolderStore, safe_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def content(store: FolderStore, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_was_put_can_be_read_and_is_named_by_its_hash(store: FolderStore) -> None:
    stored = store.put("a/b.tif", [b"one", b"two"], max_bytes=6)

    assert content(store, "a/b.tif") == b"onetwo"
    assert stored.sha256 == hashlib.sha256(b"onetwo").hexdigest()
    assert stored.size_bytes == 6


def test_too_much_leaves_nothing(store: FolderStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as raised:
        store.put("a/b.tif", [b"one", b"two"], max_bytes=5)

    assert raised.value.reason == "UPLOAD_TOO_LARGE"
    assert everything(tmp_path) == []


def test_nothing_is_no_file(store: FolderStore) -> None:
    with pytest.raises(InvalidInputError, match="empty"):
        store.put("a/b.tif", [], max_bytes=5)


def test_a_sender_who_breaks_off_leaves_nothing(store: FolderStore, tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"one"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put("a/b.tif", broken(), max_bytes=5)

    assert everything(tmp_path) == []


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../a", "a/../b", "a/./b", "a\\b", "x" * 513, "."]
)
def test_a_key_that_leaves_the_store_is_refused(store: FolderStore, key: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        store.put(key, [b"x"], max_bytes=5)

    assert raised.value.reason == "KEY_INVALID"


def test_a_folder_moves_in_one_step(store: FolderStore) -> None:
    store.put("incoming/1/a.tif", [b"x"], max_bytes=5)

    store.move_folder("incoming/1", "scenes/7/abc")

    assert content(store, "scenes/7/abc/a.tif") == b"x"
    assert not store.exists("incoming/1")


def test_a_folder_that_is_there_already_is_kept(store: FolderStore) -> None:
    store.put("scenes/7/abc/a.tif", [b"first"], max_bytes=5)
    store.put("incoming/1/a.tif", [b"again"], max_bytes=5)

    store.move_folder("incoming/1", "scenes/7/abc")

    assert content(store, "scenes/7/abc/a.tif") == b"first"
    assert not store.exists("incoming/1")


def test_what_is_not_there_is_not_found(store: FolderStore) -> None:
    with pytest.raises(NotFoundError):
        store.open("a/b.tif")


def test_forgotten_uploads_are_swept_and_fresh_ones_kept(
    store: FolderStore, tmp_path: Path
) -> None:
    for name in ("old", "new"):
        store.put(f"incoming/{name}/a.tif", [b"x"], max_bytes=5)
    yesterday = time.time() - 86_400
    os.utime(tmp_path / "store" / "incoming" / "old", (yesterday, yesterday))

    assert store.sweep_incoming(older_than_s=3600) == 1

    assert everything(tmp_path / "store") == ["incoming/new/a.tif"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("red.tif", "red.tif"),
        ("../../etc/passwd", "passwd"),
        ("C:\\scenes\\red.tif", "red.tif"),
        (".hidden.tif", "hidden.tif"),
        ("Größe über.tif", "Groe_uber.tif"),
        ("…", "file"),
        ("a" * 300 + ".tif", "a" * 112 + ".tif"),
    ],
)
def test_a_name_becomes_safe(sent: str, expected: str) -> None:
    assert safe_name(sent) == expected


def test_a_name_twice_gets_a_number() -> None:
    assert safe_name("red.tif", taken=["red.tif", "red-2.tif"]) == "red-3.tif"


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB, or a limit of as much to one file where none may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    is_mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if not is_mounted:
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, before[1]))
    try:
        yield disk
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
        if is_mounted:
            subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_said_and_leaves_nothing(full_disk: Path) -> None:
    store = FolderStore(full_disk)

    with pytest.raises(StorageFullError, match="disk is full"):
        store.put("incoming/1/a.tif", [b"x" * 16_384] * 16, max_bytes=2**20)

    assert everything(full_disk) == []
    assert store.put("incoming/1/a.tif", [b"x"], max_bytes=5).size_bytes == 1


def test_what_could_not_be_deleted_is_logged(
    store: FolderStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store.put("scenes/7/abc/a.tif", [b"x"], max_bytes=5)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", refuse)
        store.delete_folder("scenes/7")
    store.delete_folder("scenes/8")  # not there, and not worth a word

    paths = [getattr(record, "path", "") for record in caplog.records]
    assert paths == [str(tmp_path / "store/scenes/7/abc/a.tif")]
