"""The WSGI application: ``orchestrator.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")

application = get_wsgi_application()

# Said by ``orchestrator.web_server`` to the processes it starts: one of their threads is left to
# read stored numbers with, whatever furrow-ndvi does.
if threads := os.environ.get("WEB_THREADS_PER_PROCESS"):
    from farm.clients.channel import bound_calls  # only once Django is set up

    bound_calls(int(threads) - 1)
