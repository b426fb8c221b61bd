"""Log-ins: sessions for browsers, tokens for programs that act for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.middleware.csrf import get_token
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import TokenError

from farm.accounts.models import ApiKey, Scope, User
from farm.accounts.principal import Principal, principal_of
from farm.accounts.selectors import own_memberships
from farm.accounts.serializers import (
    CredentialsSerializer,
    CsrfSerializer,
    MeSerializer,
    PasswordChangeSerializer,
    RefreshSerializer,
    TokenPairSerializer,
)
from farm.accounts.services import change_password
from farm.accounts.throttles import AuthThrottle
from farm.accounts.tokens import issue_tokens, revoke_refresh, rotate_tokens
from farm.errors import ForbiddenError
from farm.http_schema import may_raise

if TYPE_CHECKING:
    from rest_framework.request import Request

# The same whether the name is unknown, the password wrong or the person shut out.
WRONG_CREDENTIALS = "The user name or the password is wrong."
WRONG_TOKEN = "The refresh token is not valid: malformed, expired, used before or revoked."  # noqa: S105


def signed_in_user(request: Request, *, username: str, password: str) -> User:
    """Prove a user name by its password; failures count towards the lock-out.

    Raises:
        AuthenticationFailed: They do not belong together.
    """
    # The plain Django request: the lock-out marks it, and its middleware looks there.
    user = authenticate(request._request, username=username, password=password)
    if not isinstance(user, User):
        raise AuthenticationFailed(WRONG_CREDENTIALS)
    return user


def me_document(*, principal: Principal, kind: str) -> dict[str, Any]:
    """Build the answer to “who am I, and what may I do?”."""
    user = principal.user
    about = {
        "id": user.pk,
        "username": user.get_username(),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "is_staff": user.is_staff,
        "farms": own_memberships(principal=principal),
        "credential": {
            "kind": kind,
            "scopes": sorted(principal.scopes),
            "farm": principal.farm_id,
        },
    }
    return dict(MeSerializer(about).data)


def credential_kind(request: Request) -> str:
    """Name the credential of a request: session, token or api_key."""
    if isinstance(request.auth, ApiKey):
        return "api_key"
    return "session" if request.auth is None else "token"


@method_decorator(never_cache, name="dispatch")
class OpenAuthView(APIView):
    """A route for people who have no credential yet; one they send along is not looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (AuthThrottle,)


@method_decorator(csrf_protect, name="dispatch")
class LoginView(OpenAuthView):
    """Sessions begin here."""

    @extend_schema(
        operation_id="auth_csrf",
        summary="The token that a log-in must bring",
        tags=["auth"],
        responses=CsrfSerializer,
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """Give a browser the CSRF token that the log-in must bring (also set as a cookie)."""
        return Response({"csrf_token": get_token(request._request)})

    @extend_schema(
        operation_id="auth_login",
        summary="Sign in with a session",
        tags=["auth"],
        request=CredentialsSerializer,
        responses=MeSerializer,
        auth=[],
    )
    @may_raise(AuthenticationFailed, PermissionDenied)
    def post(self, request: Request) -> Response:
        """Sign in and start a session; needs the CSRF token as `X-CSRFToken`."""
        given = CredentialsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = signed_in_user(request, **given.validated_data)
        login(request._request, user)
        return Response(me_document(principal=Principal(user=user), kind="session"))


class LogoutView(APIView):
    """Sessions end here."""

    required_scope = Scope.READ  # whoever may sign in may sign out

    @extend_schema(
        operation_id="auth_logout",
        summary="Sign out",
        tags=["auth"],
        request=None,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """End this session."""
        logout(request._request)
        return Response(status=204)


class MeView(APIView):
    """The person behind the credential."""

    @extend_schema(
        operation_id="auth_me",
        summary="Who am I, and what may I do?",
        tags=["auth"],
        responses=MeSerializer,
    )
    def get(self, request: Request) -> Response:
        """Tell who is asking, on which farms, and what the credential allows."""
        principal = principal_of(request)
        return Response(me_document(principal=principal, kind=credential_kind(request)))


class PasswordView(APIView):
    """The password of the person who is signed in."""

    throttle_classes = (AuthThrottle,)

    @extend_schema(
        operation_id="auth_password_change",
        summary="Change my password",
        tags=["auth"],
        request=PasswordChangeSerializer,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """Change it; this session goes on, all other sessions and all tokens end."""
        if isinstance(request.auth, ApiKey):
            msg = "A key cannot change its owner's password; sign in for that."
            raise ForbiddenError(msg, reason="PERSON_REQUIRED")
        given = PasswordChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        principal = principal_of(request)
        user = signed_in_user(
            request,
            username=principal.user.get_username(),
            password=given.validated_data["current_password"],
        )
        try:
            change_password(user=user, new_password=given.validated_data["new_password"])
        except ValidationError as error:
            raise serializers.ValidationError({"new_password": error.messages}) from error
        if request.auth is None:
            update_session_auth_hash(request._request, user)
        return Response(status=204)


class TokenView(OpenAuthView):
    """Tokens begin here."""

    @extend_schema(
        operation_id="auth_token_create",
        summary="Sign in with tokens",
        tags=["auth"],
        request=CredentialsSerializer,
        responses=TokenPairSerializer,
        auth=[],
    )
    @may_raise(AuthenticationFailed)
    def post(self, request: Request) -> Response:
        """Trade user name and password for a pair of tokens."""
        given = CredentialsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = signed_in_user(request, **given.validated_data)
        # Tells the lock-out that this name is in the right hands, and dates the log-in.
        user_logged_in.send(sender=type(user), request=request._request, user=user)
        return Response(TokenPairSerializer(issue_tokens(user=user)).data)


class TokenRefreshView(OpenAuthView):
    """Tokens go on here."""

    @extend_schema(
        operation_id="auth_token_refresh",
        summary="Renew tokens",
        tags=["auth"],
        request=RefreshSerializer,
        responses=TokenPairSerializer,
        auth=[],
    )
    @may_raise(AuthenticationFailed)
    def post(self, request: Request) -> Response:
        """Trade a refresh token for a new pair; the old one is used up."""
        given = RefreshSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            pair = rotate_tokens(refresh=given.validated_data["refresh"])
        except TokenError as error:
            raise AuthenticationFailed(WRONG_TOKEN) from error
        return Response(TokenPairSerializer(pair).data)


class TokenRevokeView(OpenAuthView):
    """Tokens end here."""

    @extend_schema(
        operation_id="auth_token_revoke",
        summary="End a refresh token",
        tags=["auth"],
        request=RefreshSerializer,
        responses={204: None},
        auth=[],
    )
    @may_raise(AuthenticationFailed)
    def post(self, request: Request) -> Response:
        """Use up a refresh token without a new one; who holds it may end it."""
        given = RefreshSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            revoke_refresh(refresh=given.validated_data["refresh"])
        except TokenError as error:
            raise AuthenticationFailed(WRONG_TOKEN) from error
        return Response(status=204)
