"""Scenes, the files they are made of, and what was observed in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

if TYPE_CHECKING:
    from collections.abc import Iterable


class Platform(models.TextChoices):
    """Which instrument took the scene: decides band names and the mask rule."""

    SENTINEL_2 = "sentinel-2", "Sentinel-2"
    LANDSAT = "landsat", "Landsat 8/9"
    OTHER = "other", "other"


class SceneState(models.TextChoices):
    """Life of a scene. Numbers are published only for READY ones."""

    NEW = "new", "waiting"
    INGESTING = "ingesting", "being read"
    READY = "ready", "ready"
    HELD = "held", "held: the pixels contradict the metadata"
    FAILED = "failed", "failed"


class RadiometryVerdict(models.TextChoices):
    """What the pixel test says of the declared scale and offset."""

    CONSISTENT = "consistent", "consistent"
    UNDECIDED = "undecided", "the pixels cannot tell"
    OFFSET_STILL_IN = "offset_still_in", "the offset is still in the pixels"
    APPLIED_TWICE = "applied_twice", "the offset would be applied twice"
    OVERRIDDEN = "overridden", "set by the operator"


# What is not named, such as no verdict yet, is weaker than all.
_STRENGTH: dict[str, int] = {
    RadiometryVerdict.UNDECIDED: 1,
    RadiometryVerdict.OVERRIDDEN: 2,
    RadiometryVerdict.CONSISTENT: 3,
}


def weakest_verdict(verdicts: Iterable[str]) -> str:
    """Return the verdict that a number made of several scenes deserves."""
    return min(verdicts, key=lambda verdict: _STRENGTH.get(verdict, 0))


class Scene(models.Model):
    """One acquisition over a farm."""

    farm = models.ForeignKey("farm.Farm", on_delete=models.CASCADE, related_name="scenes")
    name = models.CharField(max_length=160)  # product name or file stem
    platform = models.CharField(max_length=16, choices=Platform.choices)
    acquired_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=SceneState.choices, default=SceneState.NEW)
    state_reason = models.TextField(blank=True, default="")  # a sentence, for FAILED and HELD
    is_simulated = models.BooleanField(default=False)
    # Radiometry: reflectance = digital number × scale + offset, and why these were chosen.
    processing_baseline = models.CharField(max_length=8, blank=True, default="")  # such as "05.09"
    scale = models.FloatField(null=True, blank=True)
    offset = models.FloatField(null=True, blank=True)
    radiometry_source = models.CharField(max_length=24, blank=True, default="")
    radiometry_verdict = models.CharField(
        max_length=16, choices=RadiometryVerdict.choices, blank=True, default=""
    )
    radiometry_reason = models.TextField(blank=True, default="")
    scale_override = models.FloatField(null=True, blank=True)
    offset_override = models.FloatField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)  # what was read from XML or STAC, as used
    # Identity of the content: the same files sent again are the same scene.
    content_sha256 = models.CharField(max_length=64)
    epsg = models.PositiveIntegerField(null=True, blank=True)
    west = models.FloatField(null=True, blank=True)  # bounding box, degrees
    south = models.FloatField(null=True, blank=True)
    east = models.FloatField(null=True, blank=True)
    north = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One scene per content and farm."""

        app_label = "farm"
        ordering: ClassVar = ["-acquired_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["farm", "acquired_at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["farm", "content_sha256"], name="one_scene_per_farm_and_content"
            ),
        ]

    def __str__(self) -> str:
        """The name."""
        return self.name


class AssetRole(models.TextChoices):
    """What a band of a file is for."""

    BAND = "band", "band"
    MASK = "mask", "mask"


class SceneAsset(models.Model):
    """One band of one file of a scene."""

    scene = models.ForeignKey(Scene, on_delete=models.CASCADE, related_name="assets")
    role = models.CharField(max_length=8, choices=AssetRole.choices)
    # Catalogue name of the band (`red`, `nir`, …), or of the mask (`scl`, `qa_pixel`, `qa_radsat`).
    name = models.CharField(max_length=32)
    # One of the two is set: a key in the object store, or an address on an allowed host.
    object_key = models.CharField(max_length=512, blank=True, default="")
    url = models.CharField(max_length=2048, blank=True, default="")
    band_number = models.PositiveSmallIntegerField(default=1)  # from 1
    pixel_size = models.FloatField()  # units of the reference system
    data_type = models.CharField(max_length=16)
    nodata = models.FloatField(null=True, blank=True)
    scale = models.FloatField(null=True, blank=True)  # where it differs from the scene's
    offset = models.FloatField(null=True, blank=True)

    class Meta:
        """A scene has each band once."""

        app_label = "farm"
        ordering: ClassVar = ["scene_id", "role", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scene", "role", "name"], name="one_asset_per_name"),
        ]

    def __str__(self) -> str:
        """The band."""
        return self.name


class Observation(models.Model):
    """An index over a field in one scene, with the receipt of how it came about.

    Or in all scenes of one solar day, where none of them shows the whole field: each pixel is
    taken from the first of ``parts`` that shows it, so it counts once; ``scene`` is then the
    first part's.

    Statistics are null where no pixel had a value. Shares are 0–1.
    """

    field = models.ForeignKey("farm.Field", on_delete=models.CASCADE, related_name="observations")
    scene = models.ForeignKey(Scene, on_delete=models.CASCADE, related_name="observations")
    index = models.CharField(max_length=32)
    is_mosaic = models.BooleanField(default=False)
    acquired_at = models.DateTimeField()  # the scene's, repeated for the time series' index
    mean = models.FloatField(null=True)
    standard_deviation = models.FloatField(null=True)
    minimum = models.FloatField(null=True)
    maximum = models.FloatField(null=True)
    median = models.FloatField(null=True)
    p10 = models.FloatField(null=True)
    p90 = models.FloatField(null=True)
    histogram = models.JSONField(default=list)  # effective pixels per bin over the valid range
    covered_pixels = models.FloatField()
    covered_area_m2 = models.FloatField()
    outline_area_m2 = models.FloatField()
    effective_pixels = models.FloatField()
    valid_share = models.FloatField()
    clear_share = models.FloatField()
    edge_share = models.FloatField()
    outline_sha256 = models.CharField(max_length=64)  # of the field at that time
    receipt = models.JSONField(default=dict)  # see farm.imagery.receipts
    computed_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One observation per field, scene and index, and one mosaic that begins with the scene."""

        app_label = "farm"
        ordering: ClassVar = ["acquired_at", "id"]
        indexes: ClassVar = [models.Index(fields=["field", "index", "acquired_at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["field", "scene", "index", "is_mosaic"],
                name="one_observation_per_field_scene_index",
            ),
        ]

    def __str__(self) -> str:
        """Index and day."""
        return f"{self.index} {self.acquired_at:%Y-%m-%d}"

    @property
    def scenes(self) -> list[Scene]:
        """What the number was made of, the preferred scene first."""
        if not self.is_mosaic:
            return [self.scene]
        # One without parts has been deleted since it was read.
        return [part.scene for part in self.parts.all()] or [self.scene]

    @property
    def radiometry_verdict(self) -> str:
        """The weakest that was found of a scene's scale and offset; see ``RadiometryVerdict``."""
        return weakest_verdict(scene.radiometry_verdict for scene in self.scenes)


class MosaicPart(models.Model):
    """A scene that an observation of a whole day was made of."""

    observation = models.ForeignKey(Observation, on_delete=models.CASCADE, related_name="parts")
    scene = models.ForeignKey(Scene, on_delete=models.CASCADE, related_name="mosaic_parts")
    position = models.PositiveSmallIntegerField()  # 0: on top
    effective_pixels = models.FloatField()  # of the observation's, those taken from this scene

    class Meta:
        """A scene is part of a mosaic once."""

        app_label = "farm"
        ordering: ClassVar = ["observation_id", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["observation", "position"], name="one_part_per_place_in_a_mosaic"
            ),
            models.UniqueConstraint(
                fields=["observation", "scene"], name="one_part_per_scene_of_a_mosaic"
            ),
        ]

    def __str__(self) -> str:
        """Place and scene."""
        return f"{self.position}: {self.scene_id}"
