"""What is printed once everything is ready."""

from __future__ import annotations

from stack.config import HOST, StackConfig


def welcome(config: StackConfig, *, seconds: float) -> str:
    """Addresses, log-ins and what to do next.

    Args:
        config: The stack.
        seconds: How long the start took.
    """
    ports = config.ports
    logins = config.data_dir / "demo-logins.txt"
    named = [f"  HTTPS       https://{site}:{ports.https.number}" for site in config.sites]
    lines = [
        "",
        f"Furrow is ready, {seconds:.0f} s after the start.",
        "",
        f"  Home        {config.http_url}/",
        *named,
        f"  HTTPS       {config.https_url}/   (Caddy's own root: {config.root_certificate})",
        f"  API         {config.http_url}/api/docs/",
        f"  Admin       {config.http_url}/admin/",
        f"  Operations  {config.http_url}/admin/operations/",
        f"  Prometheus  http://{HOST}:{ports.prometheus.number}/classic/targets",
        f"  Logs        {config.log_dir}/",
    ]
    if logins.exists():
        lines += ["", f"Demo log-ins (kept in {logins}):", ""]
        lines += [f"  {line}" for line in logins.read_text().splitlines()]
    if not config.has_demo:
        lines += [
            "",
            "The first person (once, with the same FURROW_ settings in another terminal):",
            "",
            "  .venv/bin/python manage.py createsuperuser",
        ]
    return "\n".join([*lines, "", "Ctrl-C stops everything; the data stay."])
