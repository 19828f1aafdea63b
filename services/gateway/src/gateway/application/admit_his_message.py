"""Find out who sends a HIS message, and whether to believe it (chs-interface 1.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.application.his_credentials import Credential, Fault, Scheme, Signatory, read_credential, verify
from gateway.application.ports import Institutions, ReplayGuard
from shared.clock import Clock

_INSTITUTION: Final = re.compile(rb'"fixmedins_code"\s*:\s*"([HP][0-9A-Za-z]{11})"')


class AdmitHisMessage:
    """The institution, or the fault for the gateway's 401.

    When the credential is not known or does not fit, the register is read again once (at most every second or so): an
    institution or a secret may be new.
    """

    def __init__(
        self, *, institutions: Institutions, replays: ReplayGuard, clock: Clock, windows_s: Mapping[Scheme, int]
    ) -> None:
        self._institutions = institutions
        self._replays = replays
        self._clock = clock
        self._windows_s = windows_s

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> Signatory | Fault:
        """``headers`` with lower-case names; the body is searched only when no header names the sender."""
        credential = read_credential(headers)
        if isinstance(credential, Fault):
            return credential
        found = await self._check(credential, body)
        if isinstance(found, Fault) and found is not Fault.TIMESTAMP and await self._institutions.refresh():
            found = await self._check(credential, body)
        if isinstance(found, Fault) or credential is None or credential.replay_key is None:
            return found
        window_s = self._windows_s[credential.scheme]
        # A timestamp from the future stays good until the window behind it has passed.
        fresh = await self._replays.first_time(credential.replay_key, 2 * window_s)
        return found if fresh else Fault.REPLAYED

    async def _check(self, credential: Credential | None, body: bytes) -> Signatory | Fault:
        if credential is None:
            return await self._unsigned(body)
        signatory = await self._institutions.find(credential.scheme, credential.access_key)
        if signatory is None:
            return Fault.UNKNOWN_KEY
        now_s = int(self._clock.now().timestamp())
        return verify(credential, signatory, now_s, self._windows_s[credential.scheme]) or signatory

    async def _unsigned(self, body: bytes) -> Signatory | Fault:
        named = _INSTITUTION.search(body)
        signatory = await self._institutions.find_by_code(named.group(1).decode()) if named else None
        if signatory is None or signatory.scheme is not Scheme.NONE:
            return Fault.HEADER_MISSING
        return signatory if signatory.active else Fault.INACTIVE
