"""What bench/scene compares is the same thing: both sides agree on a small scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio

from bench.scene import peers
from bench.scene.generated import Scene, scene
from bench.scene.service import fields_request, service, summarize, write_cog
from tests.contract.ndvi_binary import binary

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 768
FIELDS = 25


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return scene(tmp_path_factory.mktemp("scenes"), side=SIDE, fields=FIELDS)


def pixels(path: Path) -> np.ndarray:
    with rasterio.open(path) as file:
        return file.read(1)


def test_the_same_seed_makes_the_same_scene(small: Scene, tmp_path: Path) -> None:
    again = scene(tmp_path, side=SIDE, fields=FIELDS)
    other = scene(tmp_path, side=SIDE, fields=FIELDS, seed=8)

    for name in ("red.tif", "nir.tif", "scl.tif", "fields.json"):
        assert (again.folder / name).read_bytes() == (small.folder / name).read_bytes()
        assert (other.folder / name).read_bytes() != (small.folder / name).read_bytes()


@pytest.mark.parametrize(
    ("encoding", "compression"), [("int16", "deflate"), ("int16", "zstd"), ("float32", "deflate")]
)
def test_both_sides_write_the_same_pixels(
    small: Scene, tmp_path: Path, encoding: str, compression: str
) -> None:
    with service(binary(), small.folder) as running:
        ours = pixels(write_cog(running, small, encoding=encoding, compression=compression))
    target = tmp_path / "peer.tif"
    peers.write_cog(small, target, encoding=encoding, options={"compress": compression})
    theirs = pixels(target)

    nothing = -32768 if encoding == "int16" else np.nan
    assert np.array_equal(ours == nothing, theirs == nothing)
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    apart = ~((ours == theirs) | np.isnan(ours.astype(float)))
    # One rounds halves to the even number in 32 bits, the other away from zero in 64.
    assert apart.mean() < 1e-3 or encoding == "float32"
    step = 1 if encoding == "int16" else 1.2e-7
    assert np.abs(ours.astype(float) - theirs.astype(float))[apart].max(initial=0) <= step


def test_means_of_fields_are_those_of_exactextract(small: Scene, tmp_path: Path) -> None:
    with service(binary(), small.folder) as running:
        ours = summarize(running, fields_request(small, FIELDS))
    ready = tmp_path / "ready.tif"
    peers.write_ready(small, ready)
    theirs = peers.extract(ready, peers.features(small, FIELDS))

    assert len(ours) > FIELDS / 2
    assert ours.keys() == theirs.keys()
    for number, mean in ours.items():
        assert mean == pytest.approx(theirs[number], abs=1e-6)
