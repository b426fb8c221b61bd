"""`make demo`: the main job once, without a browser, in a data folder of its own."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

from stack import parts, steps
from stack.config import HOST, ROOT, StackConfig, stack_config
from stack.errors import Interrupted, StackError
from stack.preflight import (
    check_services,
    check_settings,
    lock_data_folder,
    make_folders,
    metrics_folder,
)
from stack.supervisor import Supervisor
from stack.terminal import complain, say

OUT = ROOT / "out" / "demo"
DATA_DIR = ROOT / "var" / "demo"


async def demo(config: StackConfig, *, data: Path | None, out: Path) -> None:
    """Start the computing services on an empty database and store, and run the job against it.

    Raises:
        StackError: A part ended or the job failed.
    """
    check_services(config)
    make_folders(config)
    check_settings(config)
    with lock_data_folder(config), metrics_folder(config):
        async with Supervisor(log_dir=config.log_dir) as supervisor:
            await supervisor.run_step(steps.migrate(config))
            await supervisor.start([parts.furrow_ndvi(config), parts.furrow_weather(config)])
            await supervisor.run_step(steps.demo(config, data=data, out=out))


def demo_config() -> StackConfig:
    """The stack's configuration with a data folder of the demo's own and free ports."""
    # Each run begins with nothing, so that what is printed comes from this run.
    shutil.rmtree(DATA_DIR, ignore_errors=True)
    admin_ports = (
        "FURROW_NDVI_ADMIN_PORT",
        "FURROW_WEATHER_ADMIN_PORT",
        "FURROW_METRICS_ADMIN_PORT",
    )
    # A first look asks nobody for the weather of a real place, unless it was said to.
    providers = os.environ.get("FURROW_WEATHER_PROVIDERS", "none")
    own = {"FURROW_DATA_DIR": str(DATA_DIR), "FURROW_WEATHER_PROVIDERS": providers}
    with ExitStack() as held:
        for variable in admin_ports:
            one = held.enter_context(socket.socket())
            one.bind((HOST, 0))
            own[variable] = str(one.getsockname()[1])
    inherited = {
        name: value
        for name, value in os.environ.items()
        # The demo never touches the operator's own database, store or counters.
        if name not in {"DATABASE_URL", "FURROW_STORE_URL", "PROMETHEUS_MULTIPROC_DIR"}
    }
    return stack_config({**inherited, **own})


def main() -> int:
    """Run the demo; 0 when it ended well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with your own scenes and fields.geojson")
    parser.add_argument("--out", type=Path, default=OUT, help="where pictures and tables go")
    arguments = parser.parse_args()
    data = arguments.data.expanduser().resolve() if arguments.data else None
    if data is not None and not data.is_dir():
        complain(f"{data} is not a folder.")
        return 1
    try:
        asyncio.run(demo(demo_config(), data=data, out=arguments.out.resolve()))
    except Interrupted:
        say("Stopped.")
        return 1
    except StackError as error:
        complain(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
