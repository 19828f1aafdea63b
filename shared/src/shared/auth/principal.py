"""The caller of a use case and his permissions, by scope and by region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.errors import forbidden

EVERY: Final = "*"
"""As a scope: every scope; as a region: the whole country."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or service that was authenticated.

    ``scopes``: ``<subject>:<act>`` such as ``persons:read``. ``regions``: division codes (GB/T 2260) whose people he may see
    and act for; a province or city code covers everything below it.
    """

    subject: str
    name: str
    scopes: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    service: bool = False

    def has(self, scope: str) -> bool:
        """Whether the scope is granted."""
        return scope in self.scopes or EVERY in self.scopes

    @property
    def region_prefixes(self) -> tuple[str, ...]:
        """What the codes of the granted regions begin with, for queries; ``("",)`` for the whole country."""
        return ("",) if EVERY in self.regions else tuple(sorted(region_prefix(code) for code in self.regions if code))

    def covers(self, region: str) -> bool:
        """Whether the region lies in one of the granted regions."""
        return region.startswith(self.region_prefixes)

    def require(self, scope: str, region: str | None = None) -> None:
        """Raise a forbidden refusal (``auth.scope-missing``, ``auth.region-not-granted``) unless both are granted."""
        if not self.has(scope):
            raise forbidden(
                "auth.scope-missing", f"您没有该操作的权限（{scope}）", f"scope {scope} is not granted", scope=scope
            )
        if region is not None and not self.covers(region):
            raise forbidden(
                "auth.region-not-granted",
                f"您无权办理该区划（{region}）的业务",
                f"region {region} is not granted",
                region=region,
            )


def region_prefix(code: str) -> str:
    """``420000`` -> ``42``, ``420500`` -> ``4205``, ``420502`` and longer codes as they are: what codes below begin with."""
    if len(code) == 6 and code.endswith("00"):
        return code[:2] if code.endswith("0000") else code[:4]
    return code
