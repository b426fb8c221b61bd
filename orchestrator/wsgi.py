"""The WSGI application: ``orchestrator.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

from farm.observability import values

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")

values.share_if_asked(role="web")
django_application = get_wsgi_application()

from farm.observability.process import begin  # noqa: E402 - metrics, once it is clear where to
from farm.observability.wsgi import SERVICE, MeasuredApplication  # noqa: E402

begin(service=SERVICE)
application = MeasuredApplication(django_application)

# Said by ``orchestrator.web_server`` to the processes it starts: one of their threads is left to
# read stored numbers with, whatever furrow-ndvi does.
if threads := os.environ.get("WEB_THREADS_PER_PROCESS"):
    from farm.clients.channel import bound_calls  # only once Django is set up

    bound_calls(int(threads) - 1)
