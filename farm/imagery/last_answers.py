"""The last good answers of furrow-ndvi, given again, marked, while it does not answer.

They are kept for what was asked (the newest picture of a field, statistics over an outline) and not
for what they were made of: that has its own identity and is never stale. Kept in files below the
data folder, bounded in number and age; losing them loses no number.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.conf import settings
from django.core.cache import caches

from farm.errors import ServiceUnavailableError
from farm.imagery.models import Scene, SceneState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

log = logging.getLogger("furrow.imagery")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[_T]):
    """An answer, fresh or kept."""

    body: _T
    computed_at: datetime
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    body: Any
    computed_at: datetime
    scenes: dict[int, datetime]  # the scenes it rests on → when each was last changed


def answered(
    *question: object, scenes: Iterable[Scene], compute: Callable[[], _T], now: datetime
) -> Answer[_T]:
    """Compute an answer and keep it; or give the one kept for the same question.

    Whoever calls has made sure that the principal may see the subject of the question.

    Args:
        question: What was asked for, JSON values; all that an answer may be mixed up by.
        scenes: What the fresh answer rests on.
        compute: Asks furrow-ndvi.
        now: The time.

    Raises:
        ServiceUnavailableError: It does not answer and no answer is kept, or a scene that the kept
            one rests on was changed, held or deleted meanwhile.
    """
    # Another version may compute otherwise, and keep answers in another form.
    asked = json.dumps([settings.FURROW_VERSION, *question], sort_keys=True)
    key = hashlib.sha256(asked.encode()).hexdigest()
    cache = caches["answers"]
    try:
        body = compute()
    except ServiceUnavailableError:
        kept = cache.get(key)
        if kept is None or not _still_holds(kept):
            raise
        log.info("A kept answer is given again.", extra={"computed_at": str(kept.computed_at)})
        return Answer(body=kept.body, computed_at=kept.computed_at, is_stale=True)
    changed_at = {scene.pk: scene.updated_at for scene in scenes}
    try:
        cache.set(key, _Kept(body=body, computed_at=now, scenes=changed_at))
    except OSError as error:  # a full disk must not cost the answer itself
        log.warning("An answer could not be kept.", extra={"error": str(error)})
    return Answer(body=body, computed_at=now, is_stale=False)


def _still_holds(kept: _Kept) -> bool:
    rows = Scene.objects.filter(pk__in=kept.scenes, state=SceneState.READY)
    return dict(rows.values_list("pk", "updated_at")) == kept.scenes
