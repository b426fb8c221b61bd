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
from farm.weather.models import (
    CropProfile,
    DecisionKind,
    DecisionProfile,
    FieldIrrigation,
    FieldWater,
    ProviderHost,
    SoilProfile,
    WeatherDay,
    WeatherFeed,
    WeatherForecast,
    WeatherPlace,
    WeatherProduct,
    WeatherSource,
)

__all__ = [
    "ApiKey",
    "AssetRole",
    "CropProfile",
    "DecisionKind",
    "DecisionProfile",
    "Farm",
    "Field",
    "FieldIrrigation",
    "FieldWater",
    "Job",
    "JobKind",
    "JobState",
    "Membership",
    "MosaicPart",
    "Observation",
    "Platform",
    "ProviderHost",
    "RadiometryVerdict",
    "Role",
    "Scene",
    "SceneAsset",
    "SceneState",
    "Scope",
    "SoilProfile",
    "User",
    "WeatherDay",
    "WeatherFeed",
    "WeatherForecast",
    "WeatherPlace",
    "WeatherProduct",
    "WeatherSource",
]
