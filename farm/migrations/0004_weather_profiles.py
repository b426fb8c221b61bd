"""Profiles that everybody begins with."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from farm.weather.defaults import install


def add(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    install(
        decisions=apps.get_model("farm", "DecisionProfile").objects,
        crops=apps.get_model("farm", "CropProfile").objects,
        soils=apps.get_model("farm", "SoilProfile").objects,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('farm', '0003_weather'),
    ]

    operations = [
        # Backwards they stay: an operator may have changed them, and fields may rest on them.
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
