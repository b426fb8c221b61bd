"""Bad references and metadata of scenes get a clear error and cost nothing.

As in ``test_bad_input.py``, the fixture ``unharmed`` looks around every test.
"""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from farm.imagery.models import Scene
from tests.contract.farm_site import assert_refused, good_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.farm_site import Site

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unharmed")]


# --- References -----------------------------------------------------------------------------------


def reference(**place: Any) -> dict[str, Any]:
    return {
        "acquired_at": "2024-06-25T10:40:00Z",
        "platform": "sentinel-2",
        "assets": [{"name": "red", **place}],
    }


def test_keys_reach_only_objects_of_the_own_farm(site: Site) -> None:
    secret = site.store / "scenes" / "99" / "secret.tif"
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_bytes(next(iter(good_files().values())))
    (site.store.parent / "outside.tif").write_bytes(secret.read_bytes())
    own = f"scenes/{site.farm.pk}"
    link = site.store / own / "link.tif"
    link.symlink_to(site.store.parent / "outside.tif")

    for key, status in [
        ("scenes/99/secret.tif", 422),
        (f"{own}/../99/secret.tif", 422),
        (f"{own}/../../../outside.tif", 422),
        (f"{own}/./x.tif", 422),
        (f"{own}//x.tif", 422),
        (f"{own}\\..\\x.tif", 422),
        (f"{own}/%2e%2e/99/secret.tif", 404),
        (f"{own}/link.tif", 422),
        (f"{own}/nothing.tif", 404),
        (f"/{own}/x.tif", 422),
        ("/etc/passwd", 422),
        (own, 422),
        (f"{own}/", 422),
    ]:
        answer = site.name(reference(key=key))
        assert answer.status_code == status, (key, answer.content)
        reason = answer.json().get("reason", "")
        assert reason in {
            "REFERENCE_INVALID",
            "REQUEST_INVALID",
            "OBJECT_NOT_FOUND",
            "RASTER_STORE_DENIED",
        }, (key, answer.content)
        assert_refused(answer, status=status, reason=reason, words="")
        assert str(site.store) not in answer.content.decode()
    link.unlink()
    secret.unlink()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody on this machine whom nobody may reach through us."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def test_addresses_on_hosts_that_nobody_allowed_are_never_called(
    site: Site, listener: socket.socket
) -> None:
    port = listener.getsockname()[1]
    addresses = [
        f"http://127.0.0.1:{port}/a.tif",
        f"http://localhost:{port}/a.tif",
        f"http://[::ffff:127.0.0.1]:{port}/a.tif",
        f"http://2130706433:{port}/a.tif",
        "http://169.254.169.254/latest/meta-data/a.tif",
        "https://example.org/a.tif",
    ]
    for address in addresses:
        item = {
            "type": "Feature",
            "id": "item",
            "properties": {"datetime": "2024-06-25T10:40:00Z", "platform": "sentinel-2a"},
            "assets": {"red": {"href": address}},
        }
        for answer in (site.name(reference(url=address)), site.name({"stac_item": item})):
            assert_refused(answer, reason=answer.json().get("reason", ""), words="")
            assert answer.json().get("reason", "") in {"RASTER_STORE_DENIED", ""}
            assert any(word in answer.json()["detail"] for word in ("allowed", "valid URL"))

    with pytest.raises(TimeoutError):
        listener.accept()


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "file:///etc/hostname.tif",
        "ftp://example.org/a.tif",
        "gopher://example.org/a.tif",
        "s3://bucket/a.tif",
        "/vsicurl/http://example.org/a.tif",
        "http://user:secret@example.org/a.tif",
        "http:///a.tif",
        "javascript:alert(1)//a.tif",
    ],
)
def test_addresses_that_are_not_the_webs_are_refused(site: Site, address: str) -> None:
    item = {
        "type": "Feature",
        "id": "item",
        "properties": {"datetime": "2024-06-25T10:40:00Z", "platform": "sentinel-2a"},
        "assets": {"red": {"href": address}},
    }

    for answer in (site.name(reference(url=address)), site.name({"stac_item": item})):
        assert_refused(answer, reason=answer.json().get("reason", ""), words="")
        assert "secret" not in answer.json()["detail"]


# --- Metadata -------------------------------------------------------------------------------------

PRODUCT = "<n1:Level-2A_User_Product xmlns:n1='x'>{}</n1:Level-2A_User_Product>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
METADATA: dict[str, tuple[bytes, str]] = {
    "an entity that reads a file": (
        b'<!DOCTYPE p [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        + PRODUCT.format("<PRODUCT_URI>&f;</PRODUCT_URI>").encode(),
        "not XML that is read",
    ),
    "an entity that calls a host": (
        b'<!DOCTYPE p SYSTEM "http://127.0.0.1:9/x.dtd">' + PRODUCT.format("").encode(),
        "not XML that is read",
    ),
    "a billion laughs": (
        f'<!DOCTYPE p [<!ENTITY l0 "ha">{LAUGHS}]>{PRODUCT.format("&l9;")}'.encode(),
        "not XML that is read",
    ),
    "depth without end": (PRODUCT.format("<a>" * 100_000).encode(), "deeper than"),
    "XML cut off": (PRODUCT.format("<a>").encode()[:-20], "not XML that is read"),
    "another product": (b"<Level-1C_User_Product/>", "Level-2A"),
    "no quantification": (PRODUCT.format("").encode(), "BOA_QUANTIFICATION_VALUE"),
    "3 MB of XML": (PRODUCT.format(" " * 3_000_000).encode(), "bytes"),
    "10 MB of nested JSON": (b'{"a":' * 2_000_000 + b"1" + b"}" * 2_000_000, "bytes"),
    "2 MB of nested JSON": (b"[" * 2_000_000, "no JSON"),
    "JSON that is no item": (b'{"type": "Collection"}', "no STAC item"),
    "an item of odd types": (
        json.dumps({"type": "Feature", "properties": [], "assets": 7}).encode(),
        "no STAC item",
    ),
    "neither": (b"\x89PNG\r\n\x1a\n\0\0", "no JSON"),
}


@pytest.mark.parametrize("kind", METADATA)
def test_metadata_that_is_none_refuses_the_scene_it_came_with(site: Site, kind: str) -> None:
    content, words = METADATA[kind]

    answer = site.send(good_files(28), metadata=SimpleUploadedFile("metadata", content))

    assert_refused(answer, code="invalid_input", reason="METADATA_INVALID", words=words)
    assert "root:" not in answer.content.decode()


@pytest.mark.parametrize(
    "assets",
    [
        {"red": None},
        {"red": {"href": 7}},
        {"red": {"href": ["a.tif"]}},
        {"red": {"href": "https://example.org/a.tif", "eo:bands": [[]]}},
        {"red": {"href": "https://example.org/a.tif", "raster:bands": [{"scale": "x"}]}},
        {"red": {"href": "https://[bad/a.tif"}},
        {"red": {"href": "https://example.org/a.tif", "roles": 5}},
        {"red": {"href": "https://example.org/a.tif", "eo:bands": 5}},
        {f"b{number}": {} for number in range(300)},
    ],
)
def test_an_item_of_odd_types_is_refused(site: Site, assets: dict[str, Any]) -> None:
    item = {
        "type": "Feature",
        "properties": {"datetime": "2024-06-25T10:40:00Z", "platform": "sentinel-2a"},
        "assets": assets,
    }

    answer = site.name({"stac_item": item})
    sent = site.send(
        good_files(28), metadata=SimpleUploadedFile("item.json", json.dumps(item).encode())
    )

    assert_refused(answer, reason=answer.json().get("reason", ""), words="")
    assert sent.status_code in {201, 422}, sent.content
    if sent.status_code == 201:
        site.client.delete(f"/api/v1/scenes/{sent.json()['id']}/")
        Scene.objects.filter(pk=sent.json()["id"]).delete()
        site.farm.jobs.filter(subject_id=sent.json()["id"]).delete()
