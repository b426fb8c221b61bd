"""Files are in the store whole, under safe names, or not at all; in folder and bucket alike."""

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

from farm.errors import (
    InvalidInputError,
    NotFoundError,
    ServiceUnavailableError,
    StorageFullError,
)
from farm.imagery.storage import FolderStore, object_store, safe_name
from farm.imagery.storage_s3 import PART_BYTES, S3Store
from tests.s3_server import BUCKET, KEYS, REGION, S3Server, free_port, s3_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper

    from farm.imagery.storage import ObjectStore


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def bucket(
    server: S3Server, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> S3Store:
    """A part of the bucket that no other test sees."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    prefix = hashlib.sha256(request.node.nodeid.encode()).hexdigest()
    return S3Store(bucket=BUCKET, prefix=prefix, endpoint=server.endpoint, region=REGION)


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    chosen: ObjectStore = request.getfixturevalue(request.param)
    return chosen


def content(store: ObjectStore, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


def is_empty(store: ObjectStore, tmp_path: Path, server: S3Server) -> bool:
    if isinstance(store, S3Store):
        return server.keys(store._prefix) == []
    return everything(tmp_path) == []


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_was_put_can_be_read_and_is_named_by_its_hash(store: ObjectStore) -> None:
    stored = store.put("a/b.tif", [b"one", b"two"], max_bytes=6)

    assert content(store, "a/b.tif") == b"onetwo"
    assert stored.sha256 == hashlib.sha256(b"onetwo").hexdigest()
    assert stored.size_bytes == 6


def test_too_much_leaves_nothing(store: ObjectStore, tmp_path: Path, server: S3Server) -> None:
    with pytest.raises(InvalidInputError) as raised:
        store.put("a/b.tif", [b"one", b"two"], max_bytes=5)

    assert raised.value.reason == "UPLOAD_TOO_LARGE"
    assert is_empty(store, tmp_path, server)


def test_nothing_is_no_file(store: ObjectStore) -> None:
    with pytest.raises(InvalidInputError, match="empty"):
        store.put("a/b.tif", [], max_bytes=5)


@pytest.mark.parametrize("before", [3, 2 * PART_BYTES + 1])
def test_a_sender_who_breaks_off_leaves_nothing(
    store: ObjectStore, tmp_path: Path, server: S3Server, before: int
) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(before)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put("a/b.tif", broken(), max_bytes=before)

    assert is_empty(store, tmp_path, server)


def test_a_large_object_is_stored_in_parts_and_read_from_anywhere(store: ObjectStore) -> None:
    whole = os.urandom(2 * PART_BYTES + 12_345)
    pieces = [whole[start : start + 3_000_000] for start in range(0, len(whole), 3_000_000)]

    stored = store.put("a/large.tif", pieces, max_bytes=len(whole))

    assert stored.sha256 == hashlib.sha256(whole).hexdigest()
    with store.open("a/large.tif") as file:
        assert file.seek(0, os.SEEK_END) == len(whole)
        file.seek(PART_BYTES - 5)
        assert file.read(10) == whole[PART_BYTES - 5 : PART_BYTES + 5]
        file.seek(0)
        assert file.read() == whole


def test_a_name_is_there_as_an_object_and_as_a_prefix(store: ObjectStore) -> None:
    store.put("a/b/c.tif", [b"x"], max_bytes=5)

    assert [store.exists(name) for name in ("a/b/c.tif", "a/b", "a")] == [True, True, True]
    assert [store.exists(name) for name in ("a/b/c", "a/b/c.ti", "b")] == [False, False, False]


def test_a_folder_is_deleted_with_all_below_it_and_nothing_beside_it(store: ObjectStore) -> None:
    for key in ("scenes/7/a.tif", "scenes/7/b/c.tif", "scenes/77/a.tif"):
        store.put(key, [b"x"], max_bytes=5)

    store.delete_folder("scenes/7")
    store.delete_folder("scenes/8")

    assert not store.exists("scenes/7")
    assert store.exists("scenes/77/a.tif")


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../a", "a/../b", "a/./b", "a\\b", "x" * 513, "."]
)
def test_a_key_that_leaves_the_store_is_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        store.put(key, [b"x"], max_bytes=5)

    assert raised.value.reason == "KEY_INVALID"


def test_a_folder_moves_in_one_step(store: ObjectStore) -> None:
    store.put("incoming/1/a.tif", [b"x"], max_bytes=5)

    store.move_folder("incoming/1", "scenes/7/abc")

    assert content(store, "scenes/7/abc/a.tif") == b"x"
    assert not store.exists("incoming/1")


def test_a_folder_that_is_there_already_is_kept(store: ObjectStore) -> None:
    store.put("scenes/7/abc/a.tif", [b"first"], max_bytes=5)
    store.put("incoming/1/a.tif", [b"again"], max_bytes=5)

    store.move_folder("incoming/1", "scenes/7/abc")

    assert content(store, "scenes/7/abc/a.tif") == b"first"
    assert not store.exists("incoming/1")


def test_what_is_not_there_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(NotFoundError):
        store.open("a/b.tif")


def test_a_move_that_was_cut_short_is_completed_by_the_next(bucket: S3Store) -> None:
    for name in ("a", "b"):
        bucket.put(f"incoming/1/{name}.tif", [name.encode()], max_bytes=5)
    bucket.put("scenes/7/abc/a.tif", [b"a"], max_bytes=5)

    bucket.move_folder("incoming/1", "scenes/7/abc")
    bucket.move_folder("incoming/1", "scenes/7/abc")

    assert content(bucket, "scenes/7/abc/b.tif") == b"b"
    assert not bucket.exists("incoming/1")
    with pytest.raises(NotFoundError):
        bucket.move_folder("incoming/1", "scenes/8")


def test_forgotten_uploads_are_swept_from_a_bucket_with_their_parts(
    bucket: S3Store, server: S3Server
) -> None:
    bucket.put("incoming/one/a.tif", [b"x"], max_bytes=5)
    bucket.put("scenes/7/a.tif", [b"x"], max_bytes=5)
    key = f"{bucket._prefix}incoming/two/b.tif"
    server.client().create_multipart_upload(Bucket=BUCKET, Key=key)

    # Of parts, this server says that they are of 2010.
    assert bucket.sweep_incoming(older_than_s=3600) == 0
    kept = [f"{bucket._prefix}{name}" for name in ("incoming/one/a.tif", "scenes/7/a.tif")]
    assert server.keys(bucket._prefix) == kept

    bucket._clock = lambda: time.time() + 7200
    assert bucket.sweep_incoming(older_than_s=3600) == 1
    assert server.keys(bucket._prefix) == kept[1:]


def test_a_server_that_is_away_or_refuses_is_told_apart(
    bucket: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = S3Store(
        bucket=BUCKET, prefix="", endpoint=f"http://127.0.0.1:{free_port()}", region=REGION
    )
    with pytest.raises(ServiceUnavailableError) as raised:
        away.exists("a")
    assert raised.value.reason == "STORE_UNAVAILABLE"

    nowhere = S3Store(
        bucket="no-such-bucket", prefix="", endpoint=bucket._client.meta.endpoint_url, region=REGION
    )
    with pytest.raises(ServiceUnavailableError):
        nowhere.put("a", [b"x"], max_bytes=5)


def test_the_settings_choose_the_store(
    settings: SettingsWrapper, server: S3Server, bucket: S3Store
) -> None:
    assert isinstance(object_store(), FolderStore)

    settings.STORE_S3 = {
        "bucket": BUCKET,
        "prefix": "",
        "endpoint": server.endpoint,
        "region": REGION,
    }
    assert isinstance(object_store(), S3Store)


def test_forgotten_uploads_are_swept_and_fresh_ones_kept(
    folder: FolderStore, tmp_path: Path
) -> None:
    store = folder
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
    folder: FolderStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = folder
    store.put("scenes/7/abc/a.tif", [b"x"], max_bytes=5)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", refuse)
        store.delete_folder("scenes/7")
    store.delete_folder("scenes/8")  # not there, and not worth a word

    paths = [getattr(record, "path", "") for record in caplog.records]
    assert paths == [str(tmp_path / "store/scenes/7/abc/a.tif")]
