"""django-prometheus' counts of what is made, changed and deleted, for the models that matter.

By signals, so that models need not know. A listener to deletions makes Django read each row that it
would else delete unread; so only those are listened to that it reads anyway, to cascade from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models.signals import post_delete, post_save
from django_prometheus.models import model_deletes, model_inserts, model_updates

if TYPE_CHECKING:
    from django.db.models import Model

SAVED = ("Farm", "Field", "Job", "Scene", "User")
DELETED = ("Farm", "Field", "Scene")


def count_model_operations() -> None:
    """Begin to count; rows that are written in bulk pass by uncounted."""
    for name in SAVED:
        post_save.connect(_saved, sender=apps.get_model("farm", name), dispatch_uid="metrics")
    for name in DELETED:
        post_delete.connect(_deleted, sender=apps.get_model("farm", name), dispatch_uid="metrics")


def _saved(sender: type[Model], *, created: bool, **_: Any) -> None:
    counter = model_inserts if created else model_updates
    counter.labels(sender._meta.model_name).inc()


def _deleted(sender: type[Model], **_: Any) -> None:
    model_deletes.labels(sender._meta.model_name).inc()
