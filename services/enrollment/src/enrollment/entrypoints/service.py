"""The service object: what its processes are made of."""

from __future__ import annotations

from enrollment.bootstrap import METADATA, assemble
from enrollment.entrypoints.http import enrollment_router
from shared.runtime import Runtime
from shared.service import Service
from shared.settings import Settings


def build(settings: Settings) -> Runtime:
    """The objects of one process, behind its routes."""
    enrollment = assemble(settings)
    return Runtime(settings=settings, db=enrollment.db, routers=[enrollment_router(enrollment)])


SERVICE = Service(
    name="enrollment",
    package="enrollment",
    description="Persons, employers, cover and premiums",
    metadata=METADATA,
    bootstrap=build,
)
