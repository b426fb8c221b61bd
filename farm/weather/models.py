"""Places with weather, what is known of it, where it comes from, and what decisions ask of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class WeatherSource(models.TextChoices):
    """Where an hour comes from. ``farm.weather.sources`` says which goes before which."""

    STATION = "station", "station or logger"
    OPEN_METEO = "open_meteo", "Open-Meteo, forecast model"
    OPEN_METEO_ARCHIVE = "open_meteo_archive", "Open-Meteo, reanalysis"
    NASA_POWER = "nasa_power", "NASA POWER"
    MET_NORWAY = "met_norway", "MET Norway"
    SIMULATED = "simulated", "simulated"


class WeatherProduct(models.TextChoices):
    """What a provider is asked for."""

    FORECAST = "forecast", "the coming days, with the last ones"
    ARCHIVE = "archive", "days past"


class DecisionKind(models.TextChoices):
    """What windows are sought for."""

    SPRAY = "spray", "spraying"
    FROST = "frost", "frost protection"
    IRRIGATION = "irrigation", "irrigation"
    HARVEST = "harvest", "harvest and drying"
    DISEASE = "disease", "disease"


class WeatherPlace(models.Model):
    """A place whose weather is kept: a farm's, or a coordinate that somebody asked for.

    A farm's place is the farm's alone, because its station's data are. Places without a farm are
    shared, hold providers' data only and go when nobody has asked for a while.
    """

    farm = models.OneToOneField(
        "farm.Farm",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="weather_place",
    )
    longitude = models.FloatField()  # degrees, east positive
    latitude = models.FloatField()  # degrees, north positive
    elevation_m = models.FloatField(null=True, blank=True)  # null: nobody has said it yet
    # Who said it: "user", or the name of a provider, whose grid cell it is then.
    elevation_source = models.CharField(max_length=24, blank=True, default="")
    # IANA name; by the position unless the farm names its own.
    time_zone = models.CharField(max_length=64)
    is_position_set = models.BooleanField(default=False)  # by a person; else the fields' middle
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)  # of a place without a farm

    class Meta:
        """A coordinate is one place."""

        app_label = "farm"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["longitude", "latitude"],
                condition=models.Q(farm=None),
                name="one_shared_place_per_coordinate",
            ),
        ]

    def __str__(self) -> str:
        """The farm, or the coordinate."""
        return str(self.farm) if self.farm_id else f"{self.latitude:.2f}, {self.longitude:.2f}"


class WeatherFeed(models.Model):
    """One product of one provider for one place: how it stands, and who is fetching it."""

    place = models.ForeignKey(WeatherPlace, on_delete=models.CASCADE, related_name="feeds")
    provider = models.CharField(max_length=24)  # key of farm.weather.providers
    product = models.CharField(max_length=12, choices=WeatherProduct.choices)
    due_at = models.DateTimeField(null=True, blank=True)  # null: only when somebody asks
    leased_until = models.DateTimeField(null=True, blank=True)  # one request in flight per feed
    attempted_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    error_code = models.CharField(max_length=48, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")
    covered_from = models.DateField(null=True, blank=True)  # UTC days that are stored
    covered_to = models.DateField(null=True, blank=True)

    class Meta:
        """One row a feed."""

        app_label = "farm"
        ordering: ClassVar = ["place_id", "provider", "product"]
        indexes: ClassVar = [models.Index(fields=["due_at"], name="feed_due")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["place", "provider", "product"], name="one_feed_per_place_and_product"
            ),
        ]

    def __str__(self) -> str:
        """Provider, product and place."""
        return f"{self.provider} {self.product} of {self.place}"


class WeatherDay(models.Model):
    """The hours of one UTC day from one source, as a block.

    ``values`` is float64, little-endian, (variables, 24), one row per entry of
    ``farm.weather.variables.HOURLY``, NaN where there is no value; variables that were appended
    since are missing at its end. ``flags`` is uint8, likewise; 0 where nothing was found.
    """

    place = models.ForeignKey(WeatherPlace, on_delete=models.CASCADE, related_name="days")
    source = models.CharField(max_length=24, choices=WeatherSource.choices)
    day = models.DateField()  # UTC date of the stamps
    # Seconds past the whole hour at which the hours end; not 0 for loggers in odd zones.
    phase_s = models.PositiveSmallIntegerField(default=0)
    values = models.BinaryField()
    flags = models.BinaryField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One block a day and source."""

        app_label = "farm"
        ordering: ClassVar = ["place_id", "source", "day"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["place", "source", "day"], name="one_block_per_day"),
        ]

    def __str__(self) -> str:
        """Day and source."""
        return f"{self.day} {self.source}"


class WeatherForecast(models.Model):
    """One forecast as it was issued, so that it can be compared with what came.

    ``values`` and ``flags`` as in :class:`WeatherDay`, (variables, hours).
    """

    place = models.ForeignKey(WeatherPlace, on_delete=models.CASCADE, related_name="forecasts")
    source = models.CharField(max_length=24, choices=WeatherSource.choices)
    issued_at = models.DateTimeField()  # by the provider; when it was fetched where it does not say
    fetched_at = models.DateTimeField()
    start = models.DateTimeField()  # stamp of the first hour, UTC
    hours = models.PositiveIntegerField()
    values = models.BinaryField()
    flags = models.BinaryField()

    class Meta:
        """One row an issue."""

        app_label = "farm"
        ordering: ClassVar = ["place_id", "source", "-issued_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["place", "source", "issued_at"], name="one_forecast_per_issue"
            ),
        ]

    def __str__(self) -> str:
        """Issue and source."""
        return f"{self.source} of {self.issued_at:%Y-%m-%d %H:%M}"


class ProviderHost(models.Model):
    """A provider's host as all processes see it: its circuit breaker and its token bucket."""

    name = models.CharField(max_length=64, unique=True)  # key of the provider's host
    failures = models.PositiveIntegerField(default=0)  # in a row
    open_until = models.DateTimeField(null=True, blank=True)  # null: closed
    probed_until = models.DateTimeField(null=True, blank=True)  # half open: one request tries it
    tokens = models.FloatField(default=0)
    refilled_at = models.DateTimeField(null=True, blank=True)  # null: the bucket is full
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=48, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")

    class Meta:
        """By name."""

        app_label = "farm"
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        """The name."""
        return self.name


class DecisionProfile(models.Model):
    """Named thresholds of a kind of decision; the farm's own, or everybody's."""

    farm = models.ForeignKey(
        "farm.Farm",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="decision_profiles",
    )
    kind = models.CharField(max_length=12, choices=DecisionKind.choices)
    name = models.CharField(max_length=80)
    # Names and units as in the message of the kind in windows.proto; checked on every save.
    thresholds = models.JSONField(default=dict)
    min_hours = models.PositiveSmallIntegerField(default=2)  # least length of a window
    is_default = models.BooleanField(default=False)  # taken where none is named
    source = models.CharField(max_length=200, blank=True, default="")  # where the numbers are from

    class Meta:
        """Names are unique within a farm and kind, and there is one default."""

        app_label = "farm"
        ordering: ClassVar = ["kind", "name"]
        constraints: ClassVar = [
            # In pairs, because SQL takes two absent farms for different ones.
            models.UniqueConstraint(
                fields=["farm", "kind", "name"],
                condition=models.Q(farm__isnull=False),
                name="one_profile_per_name_of_a_farm",
            ),
            models.UniqueConstraint(
                fields=["kind", "name"],
                condition=models.Q(farm=None),
                name="one_profile_per_name_of_all",
            ),
            models.UniqueConstraint(
                fields=["farm", "kind"],
                condition=models.Q(is_default=True, farm__isnull=False),
                name="one_default_profile_of_a_farm",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(is_default=True, farm=None),
                name="one_default_profile_of_all",
            ),
        ]

    def __str__(self) -> str:
        """Kind and name."""
        return f"{self.get_kind_display()}: {self.name}"


class CropProfile(models.Model):
    """A crop as FAO-56 describes it, with what frost it endures. Names as in water.proto."""

    name = models.CharField(max_length=80, unique=True)
    stage_days = models.JSONField(default=list)  # four whole numbers
    single_coefficients = models.JSONField(default=list)  # three numbers: ini, mid, end
    basal_coefficients = models.JSONField(default=list)  # likewise
    initial_height_m = models.FloatField()
    max_height_m = models.FloatField()
    initial_root_depth_m = models.FloatField()
    max_root_depth_m = models.FloatField()
    depletion_share = models.FloatField()
    heat_lower_c = models.FloatField(default=10)  # thresholds of its degree days
    heat_upper_c = models.FloatField(null=True, blank=True)
    # [{"stage": …, "kills_tenth_c": …, "kills_nine_tenths_c": …}, …], hardy to tender.
    frost_stages = models.JSONField(default=list, blank=True)
    # Kcb = slope × NDVI + intercept; without a calibration no basal coefficient comes from above.
    ndvi_calibration = models.CharField(max_length=200, blank=True, default="")
    ndvi_slope = models.FloatField(null=True, blank=True)
    ndvi_intercept = models.FloatField(null=True, blank=True)
    source = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        """By name."""

        app_label = "farm"
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        """The name."""
        return self.name


class SoilProfile(models.Model):
    """A soil as FAO-56, table 19, describes it. Names as in water.proto."""

    name = models.CharField(max_length=80, unique=True)
    field_capacity_m3_m3 = models.FloatField()
    wilting_point_m3_m3 = models.FloatField()
    evaporation_depth_m = models.FloatField(default=0.1)
    readily_evaporable_mm = models.FloatField()
    curve_number = models.FloatField(null=True, blank=True)
    source = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        """By name."""

        app_label = "farm"
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        """The name."""
        return self.name


class FieldWater(models.Model):
    """What a field's water balance stands on: crop, soil, sowing, and how it is irrigated."""

    field = models.OneToOneField("farm.Field", on_delete=models.CASCADE, related_name="water")
    crop = models.ForeignKey(CropProfile, on_delete=models.PROTECT, related_name="+")
    soil = models.ForeignKey(SoilProfile, on_delete=models.PROTECT, related_name="+")
    planted_on = models.DateField()
    # Depletion of the root zone on that day as a share of its available water, 0 to 1.
    initial_depletion_share = models.FloatField(default=0.0)
    uses_dual_coefficients = models.BooleanField(default=True)
    uses_ndvi = models.BooleanField(default=False)
    wetted_share = models.FloatField(default=1.0)  # of the surface, by irrigation
    efficiency_share = models.FloatField(default=1.0)  # of what is given, into the root zone
    # Names as in IrrigationRules of water.proto; checked on every save. Empty: no advice.
    rules = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One per field."""

        app_label = "farm"
        ordering: ClassVar = ["field_id"]

    def __str__(self) -> str:
        """Crop and field."""
        return f"{self.crop} on {self.field}"


class FieldIrrigation(models.Model):
    """Water that was given to a field."""

    field = models.ForeignKey("farm.Field", on_delete=models.CASCADE, related_name="irrigations")
    day = models.DateField()  # local
    depth_mm = models.FloatField()  # at the outlet
    wetted_share = models.FloatField(default=1.0)
    efficiency_share = models.FloatField(default=1.0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By day."""

        app_label = "farm"
        ordering: ClassVar = ["field_id", "day", "id"]

    def __str__(self) -> str:
        """Depth and day."""
        return f"{self.depth_mm:g} mm on {self.day}"
