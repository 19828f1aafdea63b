"""The gateway's YAML: the catalogue of matters, roles with their scopes, partners, users of the local identity provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from gateway.application.ports import User
from gateway.domain.catalogue import Catalogue
from gateway.domain.partners import Partners
from shared.rules import read_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a post in the office may do."""

    name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Every role by code."""

    roles: Mapping[str, Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalUser:
    """A demonstration user."""

    username: str
    name: str
    password: str
    role: str
    regions: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalUsers:
    """Implements ``ports.Users``."""

    users: tuple[LocalUser, ...]

    def find(self, username: str) -> User | None:
        """See the port."""
        return next((user for user in self.all() if user.username == username), None)

    def all(self) -> list[User]:
        """Every user, in the order of the file."""
        return [User(username=u.username, name=u.name, password=u.password, role=u.role, regions=u.regions) for u in self.users]


def load_catalogue() -> Catalogue:
    """The catalogue of matters. Raises RuleError with file and line."""
    return read_rules(_text("matters.yaml"), "matters.yaml", Catalogue)


def load_roles() -> Mapping[str, Role]:
    """Every role by code. Raises RuleError."""
    return read_rules(_text("roles.yaml"), "roles.yaml", Roles).roles


def load_partners(file: str | None, *, demonstration: bool) -> Partners:
    """The partners of the county's own file; without one those of the demonstration, or none. Raises RuleError."""
    if file is not None:
        return read_rules(Path(file).read_text("utf-8"), file, Partners)
    return (
        read_rules(_text("partners.yaml"), "partners.yaml", Partners) if demonstration else Partners(documents={}, partners={})
    )


def load_local_users() -> LocalUsers:
    """The users of the local identity provider. Raises RuleError."""
    return read_rules(_text("local_users.yaml"), "local_users.yaml", LocalUsers)


def _text(name: str) -> str:
    return resources.files("gateway.policy").joinpath(name).read_text("utf-8")
