"""2204 of the Jiangsu interface: the lines as ever, of a person called by number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from claims.application.registry.find_by_number import FindByNumber
from claims.application.visits.answers import FeesUploaded
from claims.application.visits.commands import UploadFees
from claims.application.visits.upload_fees import UploadFeeLines
from claims.domain.institution import Institution


class UploadNumberedFees:
    """Refuses an unknown number, and what the upload of fee lines refuses."""

    def __init__(self, numbers: FindByNumber, upload: UploadFeeLines) -> None:
        self._numbers = numbers
        self._upload = upload

    async def __call__(self, command: UploadFees, institution: Institution, render: Callable[[FeesUploaded], bytes]) -> bytes:
        """Upload."""
        person_id = await self._numbers.person_of(command.person_id)
        return await self._upload(replace(command, person_id=person_id), institution, render)
