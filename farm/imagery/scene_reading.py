"""One reading of a scene, step by step; :mod:`farm.imagery.ingest` says in which order.

No transaction spans a call of furrow-ndvi. What was computed is written in small transactions, each
of which first passes ``fence``, so that a run that lost its job to another writes nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from farm.fields.models import Field
from farm.imagery.catalogue import catalogue
from farm.imagery.domain import FieldOutline
from farm.imagery.masks import SCL_VEGETATION
from farm.imagery.metadata import BandRadiometry, DeclaredRadiometry, RadiometrySource
from farm.imagery.models import Observation, RadiometryVerdict, Scene, SceneState
from farm.imagery.mosaics import (
    HISTOGRAM_BINS,
    QUANTILES,
    MosaicStoppedError,
    delete_mosaics_with,
    refresh_mosaics,
)
from farm.imagery.observation_writes import observations_of, write_observations
from farm.imagery.radiometry import DARK_BANDS, judge_radiometry
from farm.imagery.scene_recheck import FileChangedError, refuse_changed_files
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


class SceneReading:
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
        self.check_files()
        self._checkpoint()

    def check_files(self) -> None:
        """Withdraw the scene where a file is not what it was; see ``refuse_changed_files``."""
        try:
            refuse_changed_files(scene=self.scene, ndvi=self.ndvi)
        except FileChangedError as error:
            # Also a scene that was ready: pictures would show the new file beside old numbers.
            with transaction.atomic():
                self.fence()
                # The scene before its numbers, as all who lock both.
                Scene.objects.filter(pk=self.scene.pk).update(
                    state=SceneState.FAILED, state_reason=error.detail
                )
                delete_mosaics_with(self.scene)
            self.refresh_mosaics(self._fields_unlike({}))
            raise

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
            self._write_scene(SceneState.HELD, judgement.reason)
            delete_mosaics_with(self.scene)
            Observation.objects.filter(scene=self.scene).delete()
        self.refresh_mosaics(self._fields_unlike({}))
        self.on_progress(0, 0, "held: the pixels contradict the metadata")
        return IngestResult(state=SceneState.HELD, field_count=0, observation_count=0)

    def summarize_all(self) -> IngestResult:
        """Compute all fields, then those that were drawn meanwhile, and publish."""
        with transaction.atomic():
            self.fence()
            self._write_scene(self.scene.state, "")
        known: dict[int, str] = {}
        for _ in range(MAX_ROUNDS):
            unlike = self._fields_unlike(known)
            if not unlike and self._publish(known):
                break
            self.total = self.done + len(unlike)
            self.on_progress(self.done, self.total, "computing fields")
            for start in range(0, len(unlike), FIELDS_PER_BATCH):
                # Outlines are loaded here alone: a farm's together may be large.
                fields = list(Field.objects.filter(pk__in=unlike[start : start + FIELDS_PER_BATCH]))
                self.summarize(fields)
                known.update({field.pk: field.outline_sha256 for field in fields})
        else:
            self._publish(known, is_last=True)
        self.refresh_mosaics(list(known))
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
            scenes=(scene_source(scene=self.scene, bands=formula_bands(indices)),),
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
            scenes=(self.scene,),
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

    def refresh_mosaics(self, field_ids: Sequence[int]) -> None:
        """Put the scenes of this day together anew, as far as fields need it."""
        try:
            refresh_mosaics(
                field_ids=field_ids,
                near=self.scene,
                ndvi=self.ndvi,
                is_cancelled=self.is_cancelled,
                fence=self.fence,
            )
        except MosaicStoppedError as error:
            raise IngestStoppedError from error

    def _fields_unlike(self, known: dict[int, str]) -> list[int]:
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
        ).values_list("pk", "outline_sha256")
        return [pk for pk, outline_sha256 in fields if known.get(pk) != outline_sha256]

    def _publish(self, known: dict[int, str], *, is_last: bool = False) -> bool:
        """Make the scene READY, unless a field was drawn in the very last moment."""
        with transaction.atomic():
            self.fence()
            if not is_last and self._fields_unlike(known):
                return False
            self._write_scene(SceneState.READY, "")
            # Numbers of indices or fields that the scene does not give any more.
            indices = computable_indices(scene=self.scene, indices=catalogue().indices.values())
            stale = Observation.objects.filter(scene=self.scene, is_mosaic=False)
            stale.exclude(
                field_id__in=list(known), index__in=[index.id for index in indices]
            ).delete()
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
