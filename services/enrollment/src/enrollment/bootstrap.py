"""The one place that builds enrollment's objects."""

from __future__ import annotations

from dataclasses import dataclass

from enrollment.adapters.identity_seals import SealerSeals
from enrollment.adapters.stores import CoverStore, EmployerStore, PersonStore, PremiumStore
from enrollment.adapters.tables import PLATFORM, metadata
from enrollment.adapters.tariff_files import load_tariffs
from enrollment.application.assign_class import AssignClass
from enrollment.application.assign_household import AssignHousehold
from enrollment.application.enrol_person import EnrolPerson
from enrollment.application.find_employers import FindEmployers
from enrollment.application.find_persons import FindPersons
from enrollment.application.import_county import ImportCounty
from enrollment.application.pay_premium import PayPremium
from enrollment.application.register_employer import RegisterEmployer
from enrollment.application.register_person import RegisterPerson
from enrollment.application.show_person import ShowPerson
from enrollment.application.state_person import StatePerson
from enrollment.application.stop_coverage import StopCoverage
from enrollment.application.withdraw_coverage import WithdrawCoverage
from shared.crypto import Sealer
from shared.db.database import Database
from shared.db.once import SqlOnce
from shared.ids import TimeOrderedIds
from shared.settings import Settings

METADATA = metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """Every use case of one process, and the database they share."""

    db: Database
    register_person: RegisterPerson
    find_persons: FindPersons
    show_person: ShowPerson
    state_person: StatePerson
    import_county: ImportCounty
    register_employer: RegisterEmployer
    find_employers: FindEmployers
    enrol_person: EnrolPerson
    stop_coverage: StopCoverage
    withdraw_coverage: WithdrawCoverage
    pay_premium: PayPremium
    assign_class: AssignClass
    assign_household: AssignHousehold


def assemble(settings: Settings) -> Enrollment:
    """The objects of one process."""
    clock = settings.clock()
    ids = TimeOrderedIds(clock)
    db = Database(settings.database_url, PLATFORM, clock, ids, pool_size=settings.pool_size)
    once = SqlOnce(db)
    seals = SealerSeals(Sealer(settings.data_key.encode()))
    persons, covers, premiums, employers = PersonStore(), CoverStore(), PremiumStore(), EmployerStore()
    return Enrollment(
        db=db,
        register_person=RegisterPerson(once, persons, seals, clock, ids),
        find_persons=FindPersons(db, persons, seals),
        show_person=ShowPerson(db, persons, premiums, seals),
        state_person=StatePerson(db, persons),
        import_county=ImportCounty(once, persons, employers, seals, clock, ids),
        register_employer=RegisterEmployer(once, employers, ids),
        find_employers=FindEmployers(db, employers),
        enrol_person=EnrolPerson(once, persons, covers, premiums, employers, load_tariffs(), ids),
        stop_coverage=StopCoverage(once, persons, covers),
        withdraw_coverage=WithdrawCoverage(once, persons, covers),
        pay_premium=PayPremium(once, persons, covers, premiums, clock),
        assign_class=AssignClass(once, persons, covers),
        assign_household=AssignHousehold(once, persons),
    )
