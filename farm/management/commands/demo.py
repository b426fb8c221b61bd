"""``manage.py demo``: the main job once, from files to numbers, a picture, a COG, and weather."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.crypto import get_random_string

from farm.accounts.services import ensure_user
from farm.clients.ndvi import ndvi_client
from farm.clients.weather import weather_client
from farm.demo.folder import read_folder
from farm.demo.generate import generate_demo
from farm.demo.loading import load_folder
from farm.demo.picture import legend_svg, outline_of_farm, scenes_of_picture
from farm.demo.report import CSV_COLUMNS, csv_rows, latest_table, radiometry_lines, seasons_table
from farm.demo.weather import prepare_weather, weather_lines
from farm.errors import FarmError
from farm.farms.services import create_farm
from farm.imagery.catalogue import catalogue
from farm.imagery.domain import Compression, Encoding
from farm.imagery.index_tags import file_tags
from farm.imagery.legend import legend_of
from farm.imagery.models import Scene, SceneState
from farm.imagery.scene_source import require_index, scene_source
from farm.imagery.storage import object_store
from farm.jobs.worker import JobWorker

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from farm.demo.folder import FolderContents
    from farm.farms.models import Farm
    from farm.imagery.catalogue import Index

PICTURE_SIZE_PX = 1024
RASTER_TIMEOUT_S = 120.0
NAMED_NOTES = 10
RESULT_ENDINGS = ("csv", "png", "tif", "legend.json", "legend.svg")


class Command(BaseCommand):
    """Needs both services and a database without a farm in it; `make demo` sees to that."""

    help = "Read scenes, compute an index for each field, write tables, a picture and a COG."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare folder, results and index."""
        parser.add_argument("--data", type=Path, help="folder with scenes and fields.geojson")
        parser.add_argument("--out", type=Path, required=True, help="folder for the results")
        parser.add_argument("--index", default="ndvi", choices=sorted(catalogue().indices))

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the job, saying what is done."""
        del args
        index = catalogue().indices[options["index"]]
        try:
            farm = self._load(options["data"])
            self._print_numbers(farm, index)
            self._print_weather(farm)
            self._write_results(farm, index, out=options["out"])
        except FarmError as error:
            raise CommandError(error.detail) from error

    def _load(self, data: Path | None) -> Farm:
        contents = self._contents(data)
        owner = ensure_user(username="demo-owner", password=get_random_string(32))
        name = "Simulated demo farm" if data is None else data.name
        farm = create_farm(owner=owner, name=name, is_demo=data is None)
        loaded = load_folder(
            farm=farm,
            contents=contents,
            requested_by=owner,
            ndvi=ndvi_client(),
            store=object_store(),
            on_scene=self._tell_progress,
        )
        for scene_name, why in loaded.refused:
            self.stdout.write(f"  refused {scene_name}: {why}")
        if not loaded.field_count:
            msg = "The folder holds no fields.geojson, so there is no field to compute numbers for."
            raise CommandError(msg)
        self.stdout.write(
            f"{loaded.field_count} fields, {len(loaded.scenes)} scenes; computing every index …"
        )
        _work_until_done()
        self._tell_unread(farm)
        return farm

    def _contents(self, data: Path | None) -> FolderContents:
        if data is None:
            data = settings.DATA_DIR / "simulated"
            self.stdout.write("Simulating Sentinel-2 scenes of an invented farm …")
            generate_demo(out=data)
        contents = read_folder(data)
        for note in contents.notes[:NAMED_NOTES]:
            self.stdout.write(f"  note: {note}")
        return contents

    def _tell_progress(self, done: int, total: int, name: str) -> None:
        # One line in ten is enough to see that it moves.
        if done == total or done % max(1, total // 10) == 0:
            self.stdout.write(f"  stored {done} of {total}: {name}")

    def _tell_unread(self, farm: Farm) -> None:
        for scene in Scene.objects.filter(farm=farm).exclude(state=SceneState.READY):
            reason = f": {scene.state_reason}" if scene.state_reason else "."
            self.stdout.write(f"  {scene.name} is {scene.state}{reason}")
        for line in radiometry_lines(farm=farm):
            self.stdout.write(line)

    def _print_numbers(self, farm: Farm, index: Index) -> None:
        label = " (SIMULATED scenes)" if _is_simulated(farm) else ""
        self.stdout.write(f"\n{index.id.upper()} of each field, latest clear look{label}\n")
        for line in latest_table(farm=farm, index=index):
            self.stdout.write(line)
        self.stdout.write(f"\nMean {index.id.upper()} through the seasons{label}\n")
        for line in seasons_table(farm=farm, index=index):
            self.stdout.write(line)

    def _print_weather(self, farm: Farm) -> None:
        now = timezone.now()
        if not prepare_weather(farm=farm, now=now):
            return  # nobody may be asked for the weather of a real place
        for line in weather_lines(farm=farm, client=weather_client(), now=now):
            self.stdout.write(line)
        self.stdout.write("")

    def _write_results(self, farm: Farm, index: Index, *, out: Path) -> None:
        out.mkdir(parents=True, exist_ok=True)
        for ending in RESULT_ENDINGS:  # none of another run may stay beside those of this one
            (out / f"{index.id}.{ending}").unlink(missing_ok=True)
        with (out / f"{index.id}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(CSV_COLUMNS)
            writer.writerows(csv_rows(farm=farm, index=index))
        legend = json.dumps(legend_of(index), indent=2)
        (out / f"{index.id}.legend.json").write_text(legend + "\n")
        (out / f"{index.id}.legend.svg").write_text(
            legend_svg(index, is_simulated=_is_simulated(farm))
        )
        written = [f"{index.id}.csv", f"{index.id}.legend.json", f"{index.id}.legend.svg"]
        scenes = scenes_of_picture(farm=farm, index=index)
        if not scenes:
            self.stdout.write("No scene shows any field, so there is no picture.")
        else:
            self._write_rasters(farm, index, scenes, out=out)
            written += [f"{index.id}.png", f"{index.id}.tif"]
            simulated = ", SIMULATED" if scenes[0].is_simulated else ""
            which = "the scene that shows" if len(scenes) == 1 else "the scenes that show"
            self.stdout.write(
                f"Picture and COG show {scenes[0].acquired_at:%Y-%m-%d}{simulated}, "
                f"{which} most of the farm."
            )
        self.stdout.write("Written:")
        for name in written:
            self.stdout.write(f"  {out / name}")

    def _write_rasters(
        self, farm: Farm, index: Index, scenes: Sequence[Scene], *, out: Path
    ) -> None:
        ndvi = ndvi_client()
        formula = require_index(scene=scenes[0], index=index)
        sources = [scene_source(scene=scene, bands=index.bands) for scene in scenes]
        outline_wkb = outline_of_farm(farm)
        picture = ndvi.render_index(
            scenes=sources,
            index=formula,
            stops=index.stops,
            max_size=PICTURE_SIZE_PX,
            outline_wkb=outline_wkb,
            timeout_s=RASTER_TIMEOUT_S,
        )
        (out / f"{index.id}.png").write_bytes(picture.png)
        key = f"derived/{farm.pk}/demo-{index.id}.tif"
        ndvi.write_index(
            scenes=sources,
            index=formula,
            key=key,
            encoding=Encoding.FLOAT32,
            compression=Compression.DEFLATE,
            outline_wkb=outline_wkb,
            tags=file_tags(scenes=scenes, index=index),
            timeout_s=RASTER_TIMEOUT_S,
        )
        with object_store().open(key) as stored, (out / f"{index.id}.tif").open("wb") as file:
            shutil.copyfileobj(stored, file)


def _is_simulated(farm: Farm) -> bool:
    return farm.is_demo or Scene.objects.filter(farm=farm, is_simulated=True).exists()


def _work_until_done() -> None:
    """Run the queued jobs in this process, as the worker does, until none is left."""
    JobWorker(
        queue_names=["default"],
        interval=0.1,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    ).run()
