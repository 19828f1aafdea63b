"""Sign in with the local identity provider. It exists outside production only; elsewhere an OIDC provider does this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hmac import compare_digest

from gateway.application.ports import Users
from shared.auth import Principal
from shared.errors import unauthenticated


class SignIn:
    """One refusal for a wrong name and a wrong password: ``gateway.auth.credentials-wrong``."""

    def __init__(self, users: Users, scopes: Mapping[str, frozenset[str]], sign: Callable[[Principal], str]) -> None:
        self._users = users
        self._scopes = scopes
        self._sign = sign

    def __call__(self, username: str, password: str) -> tuple[str, Principal]:
        """The token and whom it speaks for."""
        user = self._users.find(username)
        expected = user.password if user is not None else "no such user"
        if not compare_digest(expected.encode(), password.encode()) or user is None:
            raise unauthenticated("gateway.auth.credentials-wrong", "用户名或密码不正确", "credentials wrong")
        principal = Principal(user.username, user.name, self._scopes[user.role], user.regions)
        return self._sign(principal), principal
