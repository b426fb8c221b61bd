"""Routes of log-ins and keys, below ``/api/v1/``."""

from django.urls import path

from farm.accounts import api, keys_api

urlpatterns = [
    path("auth/login/", api.LoginView.as_view(), name="auth-login"),
    path("auth/logout/", api.LogoutView.as_view(), name="auth-logout"),
    path("auth/me/", api.MeView.as_view(), name="auth-me"),
    path("auth/password/", api.PasswordView.as_view(), name="auth-password"),
    path("auth/token/", api.TokenView.as_view(), name="auth-token"),
    path("auth/token/refresh/", api.TokenRefreshView.as_view(), name="auth-token-refresh"),
    path("auth/token/revoke/", api.TokenRevokeView.as_view(), name="auth-token-revoke"),
    path("keys/", keys_api.KeyListView.as_view(), name="key-list"),
    path("keys/<int:key_id>/", keys_api.KeyView.as_view(), name="key-detail"),
    path("keys/<int:key_id>/rotate/", keys_api.KeyRotateView.as_view(), name="key-rotate"),
    path("keys/<int:key_id>/revoke/", keys_api.KeyRevokeView.as_view(), name="key-revoke"),
]
