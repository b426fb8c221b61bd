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


# What names, numbers and passwords take is far below; a view that reads outlines says so by
# ``max_json_bytes``.
USUAL_JSON_BYTES = 1024 * 1024
MAX_OUTLINES_BYTES = 16 * 1024 * 1024
# A body of 16 MiB may be 6 million empty lists, which take 40 times as much memory when read. As
# many positions as fit into it, written shortly, are 1.5 million lists.
MAX_CONTAINERS = 1_500_000


class BodyTooLongError(RequestDataTooBig):
    """The body is longer than the view reads."""

    def __init__(self, limit_bytes: int) -> None:
        """Keep the limit, which the answer names."""
        super().__init__(f"The body is longer than {limit_bytes} bytes.")
        self.limit_bytes = limit_bytes


class BoundedJSONParser(JSONParser):
    """JSON up to the view's ``max_json_bytes`` and up to ``DATA_UPLOAD_MAX_MEMORY_SIZE``.

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
            BodyTooLongError: It is longer than the bound; what lies beyond is not read, and nothing
                at all where the length was announced.
            ParseError: It is no JSON, nested too deep, or of too many lists and objects.
        """
        context = dict(parser_context or {})
        usual = getattr(context.get("view"), "max_json_bytes", USUAL_JSON_BYTES)
        limit_bytes = min(usual, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        request = context.get("request")
        announced = str(request.META.get("CONTENT_LENGTH") or "") if request is not None else ""
        if announced.isdecimal() and int(announced) > limit_bytes:
            raise BodyTooLongError(limit_bytes)
        body = stream.read(limit_bytes + 1)
        if len(body) > limit_bytes:
            raise BodyTooLongError(limit_bytes)
        # Those within texts count too, which no document comes near with.
        if body.count(b"[") + body.count(b"{") > MAX_CONTAINERS:
            msg = f"The JSON holds more than {MAX_CONTAINERS:,} lists and objects."
            raise ParseError(msg)
        try:
            return super().parse(io.BytesIO(body), media_type, context)
        except RecursionError as error:
            msg = "The JSON is nested too deep."
            raise ParseError(msg) from error
