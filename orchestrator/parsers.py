"""Reading request bodies, within bounds."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

if TYPE_CHECKING:
    from collections.abc import Mapping


class BoundedJSONParser(JSONParser):
    """JSON up to ``DATA_UPLOAD_MAX_MEMORY_SIZE``.

    Django's own bound holds for forms only: the REST framework reads JSON from the raw stream.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Parse the body.

        Raises:
            RequestDataTooBig: It is longer than the bound; what lies beyond is not read.
            ParseError: It is no JSON, or nested too deep to be read.
        """
        limit_bytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit_bytes + 1)
        if len(body) > limit_bytes:
            msg = f"The body is longer than {limit_bytes} bytes."
            raise RequestDataTooBig(msg)
        try:
            return super().parse(io.BytesIO(body), media_type, dict(parser_context or {}))
        except RecursionError as error:
            msg = "The JSON is nested too deep."
            raise ParseError(msg) from error
