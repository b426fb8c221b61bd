"""The WSGI application: ``orchestrator.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

from orchestrator.web_server import threads_per_process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")

application = get_wsgi_application()

# Only once Django is set up. One thread of each process is left to read stored numbers with,
# whatever furrow-ndvi does.
from farm.clients.channel import bound_calls  # noqa: E402

bound_calls(threads_per_process() - 1)
