"""Fields: the outlines that numbers are computed for."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Field(models.Model):
    """A field of a farm, with its outline in WGS 84 (degrees, longitude first)."""

    farm = models.ForeignKey("farm.Farm", on_delete=models.CASCADE, related_name="fields")
    name = models.CharField(max_length=120)
    crop = models.CharField(max_length=80, blank=True, default="")
    # Stable id in the user's own system; lets a bulk upload be repeated without doubling fields.
    external_id = models.CharField(max_length=120, blank=True, default="")
    outline_wkb = models.BinaryField(max_length=1_048_576)  # valid MultiPolygon, 2-D, little-endian
    # Changes with the outline, so that a number can say which outline it belongs to.
    outline_sha256 = models.CharField(max_length=64)
    area_m2 = models.FloatField()  # geodesic, WGS 84, holes subtracted
    perimeter_m = models.FloatField()  # geodesic
    west = models.FloatField()  # bounding box, degrees
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    centroid_lon = models.FloatField()
    centroid_lat = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """Indexes serve the bounding-box filter and the lists."""

        app_label = "farm"
        ordering: ClassVar = ["name", "id"]
        indexes: ClassVar = [
            models.Index(fields=["farm", "name"]),
            models.Index(fields=["west", "east", "south", "north"], name="field_bounding_box"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["farm", "external_id"],
                condition=~models.Q(external_id=""),
                name="one_field_per_external_id",
            ),
        ]

    def __str__(self) -> str:
        """The name."""
        return self.name
