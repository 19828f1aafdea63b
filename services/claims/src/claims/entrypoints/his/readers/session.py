"""9001 sign in, 1101 person."""

from __future__ import annotations

from claims.application.visits.commands import IdentifyPerson, SignIn
from claims.entrypoints.his.envelope import HisRequest


def sign_in(request: HisRequest) -> SignIn:
    """9001: node ``signIn``, or ``data`` (Guangzhou)."""
    node = request.input.container("signIn", "data")
    node.demand(("opter_no", "mac", "ip"))
    return SignIn(header=request.header, operator_no=node.text("opter_no"), mac=node.text("mac"), ip=node.text("ip"))


def identify_person(request: HisRequest) -> IdentifyPerson:
    """1101."""
    node = request.input.container("data", "mdtrtinfo")
    node.demand(("mdtrt_cert_type", "mdtrt_cert_no"))
    return IdentifyPerson(
        header=request.header,
        credential_type=node.code("mdtrt_cert_type", 2),
        credential_no=node.text("mdtrt_cert_no"),
        card_sn=node.optional_text("card_sn"),
        as_of=node.optional_moment("begntime"),
        cert_type=node.code("psn_cert_type", 2),
        certno=node.optional_text("certno"),
        person_name=node.optional_text("psn_name"),
    )
