"""Lists come in pages: ``{count, next, previous, results}``."""

from __future__ import annotations

from rest_framework.pagination import PageNumberPagination


class PagePagination(PageNumberPagination):
    """Numbered pages; ``page_size`` is the caller's, up to 500 rows."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
