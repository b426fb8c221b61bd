"""Lists come in pages: ``{count, next, previous, results}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination

if TYPE_CHECKING:
    from rest_framework.request import Request

LARGEST_PAGE = 500


class PagePagination(PageNumberPagination):
    """Numbered pages; ``page_size`` is the caller's, 1 to 500 rows."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE

    def get_page_size(self, request: Request) -> int | None:
        """Read the size.

        Raises:
            ValidationError: It is none; a smaller page in silence would pass for the whole list.
        """
        text = request.query_params.get("page_size", "")
        is_size = text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= LARGEST_PAGE
        if text and not is_size:
            msg = f"This must be a whole number from 1 to {LARGEST_PAGE}."
            raise ValidationError({"page_size": [msg]})
        return int(text) if text else self.page_size
