"""`make up`: the whole stack on this machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
import sys
import time

from stack import parts, steps
from stack.config import StackConfig, stack_config
from stack.errors import Interrupted, StackError
from stack.preflight import (
    check_ports,
    check_programs,
    check_settings,
    lock_data_folder,
    make_folders,
    metrics_folder,
    version,
)
from stack.scrape_targets import write_scrape_targets
from stack.supervisor import Supervisor
from stack.terminal import complain, say
from stack.welcome import welcome


async def up(config: StackConfig) -> None:
    """Start everything, say where it is, and stay until the end.

    Raises:
        StackError: Something is missing or taken, or a part ended.
    """
    begun = time.monotonic()
    say(f"Furrow {version()}, data in {config.data_dir}")
    check_programs(config)
    make_folders(config)
    check_settings(config)
    with lock_data_folder(config):
        check_ports(config)
        write_scrape_targets(config)
        try:
            with metrics_folder(config):
                async with Supervisor(log_dir=config.log_dir) as supervisor:
                    await supervisor.run_step(steps.migrate(config))
                    await supervisor.run_step(steps.collect_static_files(config))
                    await supervisor.start(
                        [
                            parts.furrow_ndvi(config),
                            parts.furrow_weather(config),
                            parts.furrow_metrics(config),
                        ]
                    )
                    await supervisor.start(
                        part(config)
                        for part in (parts.web, parts.worker, parts.caddy, parts.prometheus)
                    )
                    if config.has_demo:
                        await supervisor.run_step(steps.load_demo(config))
                    say(welcome(config, seconds=time.monotonic() - begun))
                    await supervisor.watch()
        except Interrupted:
            say("Stopped.")


def main() -> int:
    """Run the stack; 0 after Ctrl-C, 1 when it could not start or a part ended."""
    try:
        asyncio.run(up(stack_config()))
    except StackError as error:
        complain(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
