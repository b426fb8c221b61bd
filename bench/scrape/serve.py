"""The stack's own web server, options and all, with the application of the bench in it."""

from __future__ import annotations

from typing import Any

from granian import Granian

from orchestrator import web_server


def with_bench_application(_: str, **options: Any) -> Any:
    """What the stack asks for, but for the name of the application."""
    return Granian("bench.scrape.application:application", **options)


if __name__ == "__main__":
    vars(web_server)["Granian"] = with_bench_application
    web_server.main()
