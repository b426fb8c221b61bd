"""What a credential's scopes allow, before any object is looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission

from farm.accounts.models import Scope
from farm.accounts.principal import principal_of

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class ScopePermission(BasePermission):
    """Reading needs the scope ``read``, all else ``write``.

    A view may set ``required_scope`` to ask for one scope whatever the method.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Check the scope; who has no credential at all is refused elsewhere.

        Raises:
            ForbiddenError: The credential was made without the scope.
        """
        if not request.user.is_authenticated:
            return True
        by_method = Scope.READ if request.method in SAFE_METHODS else Scope.WRITE
        principal_of(request).require_scope(getattr(view, "required_scope", None) or by_method)
        return True
