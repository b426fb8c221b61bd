"""A small DRF application: what an ordinary authenticated list costs, with nothing else around it.

Its own settings and database, so that the figure is the server's and not a feature's.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

import django
from django.conf import settings

DATABASE = Path(os.environ["WSGI_BENCH_DATABASE"])
ROWS = 20
KEY = "bench-key-0123456789"

settings.configure(
    SECRET_KEY="bench" * 12,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATABASE,
            "CONN_MAX_AGE": 60,
        }
    },
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db.models import QuerySet  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import generics, serializers, views  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.exceptions import AuthenticationFailed  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.renderers import JSONRenderer  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402


class KeyAuthentication(BaseAuthentication):
    """One query per request, as an API key costs."""

    def authenticate(self, request: Request) -> tuple[User, None]:
        """Look the user up."""
        if request.headers.get("Authorization") != f"Key {KEY}":
            raise AuthenticationFailed
        return User.objects.get(username="user-0"), None


class UserSerializer(serializers.ModelSerializer[User]):
    """Eight columns of several types."""

    class Meta:
        """What a row shows."""

        model = User
        fields: ClassVar = [
            "id",
            "username",
            "first_name",
            "last_name",
            "email",
            "is_active",
            "date_joined",
            "last_login",
        ]


class UserList(generics.ListAPIView[User]):
    """Twenty rows of JSON, about 4 kB."""

    authentication_classes = (KeyAuthentication,)
    permission_classes = (IsAuthenticated,)
    renderer_classes = (JSONRenderer,)
    serializer_class = UserSerializer

    def get_queryset(self) -> QuerySet[User]:
        """All rows."""
        return User.objects.order_by("id")[:ROWS]


class Upload(views.APIView):
    """Reads a large body in pieces and says how long it was and from where it came."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (JSONRenderer,)

    def post(self, request: Request) -> Response:
        """Count the bytes."""
        length = 0
        while piece := request._request.read(1 << 16):
            length += len(piece)
        return Response({"bytes": length, "peer": request.META.get("REMOTE_ADDR")})


urlpatterns = [path("users/", UserList.as_view()), path("upload/", Upload.as_view())]
application = get_wsgi_application()
