"""Reads a scene: checks its files, asks the pixels about the offset, computes all fields.

No transaction spans a call of furrow-ndvi. What was computed is written in small transactions, each
of which first passes ``fence``, so that a run that lost its job to another writes nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from farm.errors import UnreadableRasterError
from farm.fields.models import Field
from farm.imagery.catalogue import catalogue
from farm.imagery.domain import FieldOutline, ObjectRef
from farm.imagery.masks import SCL_VEGETATION
from farm.imagery.metadata import BandRadiometry, DeclaredRadiometry, RadiometrySource
from farm.imagery.models import Observation, RadiometryVerdict, Scene, SceneState
from farm.imagery.observation_writes import observations_of, write_observations
from farm.imagery.radiometry import DARK_BANDS, judge_radiometry
from farm.imagery.scene_files import describe
from farm.imagery.scene_source import (
    band_names,
    computable_indices,
    formula_bands,
    scene_source,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from farm.clients.ndvi import NdviClient
    from farm.imagery.domain import DigitalNumbers, FieldSummary
    from farm.imagery.radiometry import RadiometryJudgement

MEASURE_TIMEOUT_S = 120.0
# One call computes a batch of fields over a whole scene; a tile of 10,980 pixels squared takes
# seconds, a slow disk more.
SUMMARIZE_TIMEOUT_S = 300.0
# Fields of one call and one transaction: a killed run loses no more than this.
FIELDS_PER_BATCH = 500
# Fields may be drawn while a scene is read; after so many rounds the next job does the rest.
MAX_ROUNDS = 5

QUANTILES = (0.1, 0.9)
HISTOGRAM_BINS = 40


class IngestStoppedError(Exception):
    """The caller asked to stop before the scene was done."""


class SceneChangedError(Exception):
    """The operator set another scale or offset, or deleted the scene, while it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """What became of a scene."""

    state: SceneState  # NEW where it was changed meanwhile and must be read again
    field_count: int  # fields that the scene shows
    observation_count: int


def ingest_scene(
    *,
    scene: Scene,
    ndvi: NdviClient,
    on_progress: Callable[[int, int, str], None] = lambda done, total, note: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    fence: Callable[[], None] = lambda: None,
) -> IngestResult:
    """Read a scene and write the numbers of all fields that it shows.

    May be called again at any time: the same (field, scene, index) is the same row.

    Args:
        scene: The scene.
        ndvi: Client of the NDVI service.
        on_progress: Told fields done, fields in all, and what is being done.
        is_cancelled: Asked between fields.
        fence: Called first in each transaction that writes; raises when nothing may be written.

    Returns:
        READY with the numbers, or HELD with none because the pixels contradict the metadata.

    Raises:
        IngestStoppedError: ``is_cancelled`` said so.
        UnreadableRasterError: A file of the scene cannot be read.
        ServiceUnavailableError: The NDVI service does not answer.
    """
    run = _Ingest(scene, ndvi, on_progress, is_cancelled, fence)
    try:
        run.begin()
        judgement = run.judge()
        return run.hold(judgement) if judgement.is_contradiction else run.summarize_all()
    except SceneChangedError:
        # Whoever changed it has asked for the next reading.
        return IngestResult(state=SceneState.NEW, field_count=0, observation_count=0)


def recompute_field_in_scene(
    *,
    field: Field,
    scene: Scene,
    ndvi: NdviClient,
    is_cancelled: Callable[[], bool] = lambda: False,
    fence: Callable[[], None] = lambda: None,
) -> int:
    """Write the numbers of one field in a scene that was read before.

    Returns:
        Number of observations written.
    """
    run = _Ingest(scene, ndvi, lambda done, total, note: None, is_cancelled, fence)
    return run.summarize([field])


def mark_failed(*, scene_id: int, reason: str) -> None:
    """Note that a scene could not be read. Numbers of an earlier reading stay published."""
    Scene.objects.filter(pk=scene_id).exclude(state=SceneState.READY).update(
        state=SceneState.FAILED, state_reason=reason
    )


def mark_waiting(*, scene_id: int) -> None:
    """Note that nobody reads a scene any more, where somebody had begun to."""
    Scene.objects.filter(pk=scene_id, state=SceneState.INGESTING).update(state=SceneState.NEW)


def declared_of(scene: Scene) -> DeclaredRadiometry:
    """Take from the scene's row what was declared when it was made."""
    stored = (scene.metadata or {}).get("declared") or {}
    own = {
        asset.name: BandRadiometry(scale=asset.scale, offset=asset.offset or 0.0)
        for asset in scene.assets.all()
        if asset.scale is not None
    }
    return DeclaredRadiometry(
        scale=stored.get("scale", scene.scale),
        offset=stored.get("offset", scene.offset),
        source=RadiometrySource(stored.get("source", RadiometrySource.DEFAULT)),
        reason=stored.get("reason", ""),
        processing_baseline=scene.processing_baseline,
        bands=own,
    )


class _Ingest:
    """One reading of one scene."""

    def __init__(
        self,
        scene: Scene,
        ndvi: NdviClient,
        on_progress: Callable[[int, int, str], None],
        is_cancelled: Callable[[], bool],
        fence: Callable[[], None],
    ) -> None:
        self.scene = Scene.objects.prefetch_related("assets").get(pk=scene.pk)
        self.ndvi = ndvi
        self.on_progress = on_progress
        self.is_cancelled = is_cancelled
        self.fence = fence
        self.done = 0
        self.total = 0
        self.written = 0

    def begin(self) -> None:
        """Check that every file is there and is what it was; numbers in use stay published."""
        self.on_progress(0, 0, "checking the files")
        self._save(SceneState.INGESTING, unless=SceneState.READY)
        refs = {ObjectRef(key=asset.object_key, url=asset.url) for asset in self.scene.assets.all()}
        # By the end of its place, which people recognise; two of one name keep the whole of it.
        names = [(ref.key or ref.url).rpartition("/")[2] for ref in refs]
        objects = {
            name if names.count(name) == 1 else ref.key or ref.url: ref
            for name, ref in zip(names, refs, strict=True)
        }
        descriptions = describe(objects, ndvi=self.ndvi)
        for name, description in descriptions.items():
            if description.grid.epsg != self.scene.epsg:
                was, now = self.scene.epsg, description.grid.epsg
                msg = f"{name} was in EPSG:{was} when the scene was made and is in EPSG:{now} now."
                raise UnreadableRasterError(msg, reason="RASTER_GRIDS_DISAGREE")
        self._checkpoint()

    def judge(self) -> RadiometryJudgement:
        """Ask the pixels about scale and offset, and write the answer to the scene."""
        self.on_progress(0, 0, "asking the pixels about the offset")
        declared = declared_of(self.scene)
        has_classes = any(asset.name == "scl" for asset in self.scene.assets.all())
        bands = [name for name in DARK_BANDS if name in band_names(self.scene)]
        vegetation: tuple[DigitalNumbers, ...] = ()
        if has_classes and len(bands) == len(DARK_BANDS):
            vegetation = self.ndvi.measure_digital_numbers(
                scene=scene_source(scene=self.scene, bands=bands),
                kept_classes=(SCL_VEGETATION,),
                timeout_s=MEASURE_TIMEOUT_S,
            )
        judgement = judge_radiometry(
            platform=self.scene.platform,
            declared=declared,
            vegetation=vegetation,
            has_classes=has_classes,
            scale_override=self.scene.scale_override,
            offset_override=self.scene.offset_override,
        )
        is_operators = judgement.verdict is RadiometryVerdict.OVERRIDDEN
        self.scene.scale = declared.scale
        self.scene.offset = declared.offset
        self.scene.radiometry_source = (
            RadiometrySource.OPERATOR if is_operators else declared.source
        )
        self.scene.radiometry_verdict = judgement.verdict
        self.scene.radiometry_reason = (
            judgement.reason
            if is_operators
            else "; ".join(part for part in (declared.reason, judgement.reason) if part)
        )
        self._checkpoint()
        return judgement

    def hold(self, judgement: RadiometryJudgement) -> IngestResult:
        """Publish nothing until the operator says which scale and offset are true."""
        with transaction.atomic():
            self.fence()
            Observation.objects.filter(scene=self.scene).delete()
            self._write_scene(SceneState.HELD, judgement.reason)
        self.on_progress(0, 0, "held: the pixels contradict the metadata")
        return IngestResult(state=SceneState.HELD, field_count=0, observation_count=0)

    def summarize_all(self) -> IngestResult:
        """Compute all fields, then those that were drawn meanwhile, and publish."""
        with transaction.atomic():
            self.fence()
            self._write_scene(self.scene.state, "")
        known: dict[int, str] = {}
        for _ in range(MAX_ROUNDS):
            fields = self._fields_unlike(known)
            if not fields and self._publish(known):
                break
            self.total = self.done + len(fields)
            self.on_progress(self.done, self.total, "computing fields")
            for start in range(0, len(fields), FIELDS_PER_BATCH):
                self.summarize(fields[start : start + FIELDS_PER_BATCH])
            known.update({field.pk: field.outline_sha256 for field in fields})
        else:
            self._publish(known, is_last=True)
        self.on_progress(self.total, self.total, "done")
        return IngestResult(
            state=SceneState.READY, field_count=len(known), observation_count=self.written
        )

    def summarize(self, fields: Sequence[Field]) -> int:
        """Compute and write the numbers of some fields; one call, then one transaction."""
        indices = computable_indices(scene=self.scene, indices=catalogue().indices.values())
        if not indices or not fields:
            return 0
        summaries: list[FieldSummary] = []
        stream = self.ndvi.summarize_fields(
            scene=scene_source(scene=self.scene, bands=formula_bands(indices)),
            indices=[index.as_formula() for index in indices],
            fields=[
                FieldOutline(field_id=str(field.pk), outline_wkb=bytes(field.outline_wkb))
                for field in fields
            ],
            quantiles=QUANTILES,
            histogram_bins=HISTOGRAM_BINS,
            timeout_s=SUMMARIZE_TIMEOUT_S,
        )
        for summary in stream:
            summaries.append(summary)
            if len(summaries) % len(indices) == 0:
                self.done += 1
                self.on_progress(min(self.done, self.total), self.total, "computing fields")
                self._checkpoint()
        rows = observations_of(
            scene=self.scene,
            fields=fields,
            indices=indices,
            summaries=summaries,
            engine_version=self.ndvi.engine_version,
            computed_at=timezone.now(),
        )
        with transaction.atomic():
            self.fence()
            self.written += write_observations(scene=self.scene, fields=fields, rows=rows)
        return len(rows)

    def _fields_unlike(self, known: dict[int, str]) -> list[Field]:
        """List the fields the scene may show, but those that were computed with this outline."""
        scene = self.scene
        if scene.west is None or scene.east is None:
            return []
        fields = Field.objects.filter(
            farm_id=scene.farm_id,
            west__lte=scene.east,
            east__gte=scene.west,
            south__lte=scene.north,
            north__gte=scene.south,
        )
        return [field for field in fields if known.get(field.pk) != field.outline_sha256]

    def _publish(self, known: dict[int, str], *, is_last: bool = False) -> bool:
        """Make the scene READY, unless a field was drawn in the very last moment."""
        with transaction.atomic():
            self.fence()
            if not is_last and self._fields_unlike(known):
                return False
            # Numbers of indices or fields that the scene does not give any more.
            indices = computable_indices(scene=self.scene, indices=catalogue().indices.values())
            stale = Observation.objects.filter(scene=self.scene)
            stale.exclude(
                field_id__in=list(known), index__in=[index.id for index in indices]
            ).delete()
            self._write_scene(SceneState.READY, "")
        return True

    def _checkpoint(self) -> None:
        if self.is_cancelled():
            raise IngestStoppedError

    def _save(self, state: SceneState, *, unless: SceneState) -> None:
        if self.scene.state == unless:
            return
        with transaction.atomic():
            self.fence()
            Scene.objects.filter(pk=self.scene.pk).update(state=state, state_reason="")
        self.scene.state = state

    def _write_scene(self, state: str, reason: str) -> None:
        """Write what this run decides, unless the ground it decided on has changed."""
        scene = self.scene
        written = Scene.objects.filter(
            pk=scene.pk,
            scale_override=scene.scale_override,
            offset_override=scene.offset_override,
        ).update(
            state=state,
            state_reason=reason,
            scale=scene.scale,
            offset=scene.offset,
            radiometry_source=scene.radiometry_source,
            radiometry_verdict=scene.radiometry_verdict,
            radiometry_reason=scene.radiometry_reason,
            updated_at=timezone.now(),
        )
        if not written:
            raise SceneChangedError
        scene.state, scene.state_reason = state, reason
