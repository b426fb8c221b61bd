"""All models under the one app label, so that there is one migration history."""

from farm.accounts.models import ApiKey, Scope, User
from farm.farms.models import Farm, Membership, Role
from farm.fields.models import Field
from farm.imagery.models import (
    AssetRole,
    MosaicPart,
    Observation,
    Platform,
    RadiometryVerdict,
    Scene,
    SceneAsset,
    SceneState,
)
from farm.jobs.models import Job, JobKind, JobState

__all__ = [
    "ApiKey",
    "AssetRole",
    "Farm",
    "Field",
    "Job",
    "JobKind",
    "JobState",
    "Membership",
    "MosaicPart",
    "Observation",
    "Platform",
    "RadiometryVerdict",
    "Role",
    "Scene",
    "SceneAsset",
    "SceneState",
    "Scope",
    "User",
]
