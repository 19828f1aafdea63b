"""1101: who holds this credential, and what cover has the person as of a moment."""

from __future__ import annotations

from claims.application.registry.find_person import FindPerson
from claims.application.registry.open_identity import open_identity
from claims.application.visits.answers import CoverStated, IdentityStated, PersonIdentified
from claims.application.visits.commands import IdentifyPerson
from claims.application.visits.ports import Accounts
from claims.domain.institution import Institution
from claims.domain.person import CLASS_NAMES, cover_status, paused_on
from shared.clock import Clock, local
from shared.crypto import Sealer
from shared.errors import invalid
from shared.ids import resident_id_is_valid
from shared.transactions import UnitOfWork

ID_CARD = "02"
RESIDENT_ID = "01"
EMPLOYEE = "310"
_STATUS = {"active": "1", "paused": "2", "ended": "4"}
_NATIONAL_CLASS = {
    "tekun": "2304",
    "orphan": "2304",
    "dibao": "2303",
    "returned_poor": "2302",
    "monitored": "2302",
    "marginal": "2305",
    "illness_poor": "2306",
}
"""psn_idet_type of our identity classes (chs-interface 7.3)."""


class IdentifyPersons:
    """A query; nothing is stored but a person we did not know."""

    def __init__(self, uow: UnitOfWork, find_person: FindPerson, accounts: Accounts, sealer: Sealer, clock: Clock) -> None:
        self._uow = uow
        self._find_person = find_person
        self._accounts = accounts
        self._sealer = sealer
        self._clock = clock

    async def __call__(self, command: IdentifyPerson, institution: Institution) -> PersonIdentified:
        """Refuses ``claims.person.unknown``, and ``claims.person.credential`` when the credential names no document.

        ``institution`` is not looked at: a person may be identified anywhere.
        """
        del institution
        person = await self._find_person.by_certno(self._sealer.index("|".join(_document(command))))
        identity = open_identity(self._sealer, person.sealed)
        if command.person_name and command.person_name != identity.name:
            raise invalid("claims.person.name", "人员姓名(psn_name)与证件登记的姓名不符", field="psn_name")
        day = local(command.as_of).date() if command.as_of else self._clock.today()
        async with self._uow.transaction() as tx:
            balance_fen = await self._accounts.balance_fen(tx, person.person_id)
        return PersonIdentified(
            person_id=person.person_id,
            cert_type=identity.cert_type,
            certno=identity.certno,
            name=identity.name,
            sex=person.sex,
            naty=identity.naty,
            born_on=person.born_on,
            as_of=day,
            covers=tuple(
                CoverStated(
                    balance_fen=balance_fen if cover.scheme == EMPLOYEE else 0,
                    scheme=cover.scheme,
                    person_category=cover.person_category,
                    status=_STATUS[cover_status(cover, day)],
                    begins_on=cover.begins_on,
                    paused_on=paused_on(cover, day),
                    civil_servant=cover.civil_servant,
                    region=cover.region,
                    employer_name=cover.employer_name or "",
                )
                for cover in person.medical_covers_on(day)
            ),
            identities=tuple(
                IdentityStated(
                    identity_type=_NATIONAL_CLASS.get(item.code, "2399"),
                    memo=CLASS_NAMES.get(item.code, item.code),
                    begins_on=item.begins_on,
                    ends_on=item.ends_on,
                )
                for item in person.classes_on(day)
            ),
        )


def _document(command: IdentifyPerson) -> tuple[str, str]:
    """The identity document that a credential stands for.

    02 is the document itself. An e-credential token (01) or card number (03) is resolved by the national credential centre,
    to which a county has no line: the document must come along in psn_cert_type and certno, or be the card's number itself,
    as the social-security number of a person is the resident id number.
    """
    if command.credential_type == ID_CARD:
        return command.cert_type or RESIDENT_ID, command.credential_no
    if command.certno:
        return command.cert_type or RESIDENT_ID, command.certno
    if resident_id_is_valid(command.credential_no):
        return RESIDENT_ID, command.credential_no
    raise invalid(
        "claims.person.credential",
        "就诊凭证(mdtrt_cert_no)无法识别，请同时提供证件号码(certno)",
        "the credential cannot be resolved without the document number",
        field="mdtrt_cert_no",
    )
