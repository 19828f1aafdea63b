"""Verifier and service tokens as a service's settings say: one issuer, one audience inside the suite."""

from __future__ import annotations

from typing import Final

from shared.auth.tokens import ServiceTokens, TokenSigner, TokenVerifier, signer_from_setting
from shared.clock import SystemClock
from shared.settings import Settings

ISSUER: Final = "onewindow"
AUDIENCE: Final = "onewindow"


def build_signer(settings: Settings) -> TokenSigner:
    """What signs tokens of the suite: services calling services, and the gateway's local identity provider."""
    return signer_from_setting(settings.service_secret, SystemClock(), issuer=ISSUER)[0]


def build_verifier(settings: Settings) -> TokenVerifier:
    """What accepts tokens of the suite."""
    _, key = signer_from_setting(settings.service_secret, SystemClock(), issuer=ISSUER)
    return TokenVerifier(SystemClock(), issuer=ISSUER, audiences=[AUDIENCE], keys=key)


def build_service_tokens(settings: Settings) -> ServiceTokens:
    """The token this service calls the others with; inside the suite a service may do everything the caller was checked for."""
    return ServiceTokens(
        build_signer(settings), SystemClock(), service=settings.service, audience=AUDIENCE, scopes=frozenset({"*"})
    )
