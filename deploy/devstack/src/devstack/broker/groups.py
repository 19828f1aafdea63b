"""Consumer groups: who is a member, who reads which partition, and when that has to be settled anew.

The classic protocol of Kafka. The members themselves (one of them, the leader) divide the partitions; the coordinator only
brings them together: everybody joins, the leader proposes, everybody fetches its share. A member that is silent for longer
than its session, or does not join again in time, is out.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from enum import Enum

from devstack.broker.errors import BrokerError, ErrorCode

_FIRST_JOIN_GRACE_S = 0.25
"""An empty group waits this long for more members before it settles, so that a start is one rebalance and not three."""
_LONGEST_SESSION_MS = 1_800_000


class GroupState(Enum):
    """Names as Kafka reports them."""

    EMPTY = "Empty"
    JOINING = "PreparingRebalance"
    SYNCING = "CompletingRebalance"
    STABLE = "Stable"


@dataclass(slots=True)
class Member:
    """One consumer of a group."""

    id: str
    client_id: str
    protocols: dict[str, bytes]
    """Ways of dividing partitions that the member offers, best first, with what it subscribes to."""
    session_s: float
    rebalance_s: float
    seen_at_s: float = field(default_factory=time.monotonic)
    assignment: bytes = b""
    joining: asyncio.Future[Joined] | None = None
    syncing: asyncio.Future[bytes] | None = None

    def waits_to_join(self) -> bool:
        """Whether it has asked to join and not been answered."""
        return self.joining is not None and not self.joining.done()

    def waits_to_sync(self) -> bool:
        """Whether it has asked for its share and not been answered."""
        return self.syncing is not None and not self.syncing.done()

    def fail(self, code: ErrorCode) -> None:
        """Answer whatever the member is waiting for with ``code``."""
        for waiting in (self.joining, self.syncing):
            if waiting is not None and not waiting.done():
                waiting.set_exception(BrokerError(code))


@dataclass(frozen=True, slots=True)
class Joined:
    """The answer to a member that has joined."""

    generation: int
    protocol: str
    leader: str
    member_id: str
    members: list[tuple[str, bytes]]
    """For the leader alone: everybody with their subscription."""


class Group:
    """One consumer group. Times are of the monotonic clock; `tick` has to be called a few times per second."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = GroupState.EMPTY
        self.generation = 0
        self.protocol_type = "consumer"
        self.protocol = ""
        self.members: dict[str, Member] = {}
        self._leader: str | None = None
        self._settle_at_s = 0.0
        self._wait_for_more = False

    def verify(self, member_id: str, generation: int) -> None:
        """A sign of life. Raises BrokerError when the sender is no member (any more) or lives in a past generation."""
        member = self.members.get(member_id)
        if member is None:
            raise BrokerError(ErrorCode.UNKNOWN_MEMBER_ID)
        member.seen_at_s = time.monotonic()
        if generation != self.generation:
            raise BrokerError(ErrorCode.ILLEGAL_GENERATION)

    async def join(
        self,
        member_id: str,
        client_id: str,
        protocol_type: str,
        protocols: dict[str, bytes],
        session_ms: int,
        rebalance_ms: int,
    ) -> Joined:
        """Enter the group, or take part in its next generation; returns when that generation has all its members."""
        if not 0 < session_ms <= _LONGEST_SESSION_MS:
            raise BrokerError(ErrorCode.INVALID_SESSION_TIMEOUT)
        if not protocols or (self.members and protocol_type != self.protocol_type):
            raise BrokerError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        others = [member for member in self.members.values() if member.id != member_id]
        if others and not set(protocols).intersection(*(member.protocols for member in others)):
            raise BrokerError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        session_s, rebalance_s = session_ms / 1000, rebalance_ms / 1000
        if not member_id:
            member = Member(f"{client_id}-{uuid.uuid4().hex}", client_id, protocols, session_s, rebalance_s)
            self._prepare()  # before the newcomer counts: it decides by the old members how long to wait
            self.members[member.id] = member
        else:
            known = self.members.get(member_id)
            if known is None:
                raise BrokerError(ErrorCode.UNKNOWN_MEMBER_ID)
            member = known
            unchanged = member.protocols == protocols
            member.protocols, member.session_s, member.rebalance_s = protocols, session_s, rebalance_s
            member.seen_at_s = time.monotonic()
            if unchanged and (
                self.state is GroupState.SYNCING or (self.state is GroupState.STABLE and member_id != self._leader)
            ):
                return self._joined(member)  # its answer was lost: the same again
            self._prepare()
        self.protocol_type = protocol_type
        member.fail(ErrorCode.UNKNOWN_MEMBER_ID)  # it asks again on another connection: nobody reads the first answer
        member.joining = asyncio.get_running_loop().create_future()
        self.tick()
        return await member.joining

    async def sync(self, member_id: str, generation: int, shares: dict[str, bytes]) -> bytes:
        """The member's share of the partitions; ``shares`` comes from the leader and is everybody's."""
        self.verify(member_id, generation)
        if self.state is GroupState.JOINING:
            raise BrokerError(ErrorCode.REBALANCE_IN_PROGRESS)
        member = self.members[member_id]
        if self.state is GroupState.STABLE:
            return member.assignment
        member.fail(ErrorCode.UNKNOWN_MEMBER_ID)
        member.syncing = asyncio.get_running_loop().create_future()
        if member_id == self._leader:
            self._hand_out(shares)
        return await member.syncing

    def heartbeat(self, member_id: str, generation: int) -> None:
        """Raises BrokerError(REBALANCE_IN_PROGRESS) when the member has to join again."""
        self.verify(member_id, generation)
        if self.state is GroupState.JOINING:
            raise BrokerError(ErrorCode.REBALANCE_IN_PROGRESS)

    def verify_commit(self, member_id: str, generation: int) -> None:
        """Whether these may commit offsets now: members of this generation, or anybody when the group has no members."""
        if generation < 0 and not self.members:
            return
        self.verify(member_id, generation)
        if self.state is GroupState.SYNCING:
            raise BrokerError(ErrorCode.REBALANCE_IN_PROGRESS)

    def remove(self, member_id: str) -> None:
        """The member is gone: by its own word, or silent for too long."""
        member = self.members.pop(member_id, None)
        if member is None:
            raise BrokerError(ErrorCode.UNKNOWN_MEMBER_ID)
        member.fail(ErrorCode.UNKNOWN_MEMBER_ID)
        if self.members:
            self._prepare()
            self.tick()
        else:
            self.state = GroupState.EMPTY
            self._leader = None

    def tick(self) -> None:
        """Put out who is silent, and settle the new generation when everybody is there or the time is up."""
        now = time.monotonic()
        for member in list(self.members.values()):
            silent = now - member.seen_at_s > member.session_s and not (member.waits_to_join() or member.waits_to_sync())
            if silent and member.id in self.members:
                self.remove(member.id)
        if self.state is not GroupState.JOINING:
            return
        there = {member.id: member for member in self.members.values() if member.waits_to_join()}
        everybody = len(there) == len(self.members) and not self._wait_for_more
        if there and (everybody or now >= self._settle_at_s):
            self.members = there
            self._settle()

    def _prepare(self) -> None:
        """Call everybody to join; they learn it from their next heartbeat or sync."""
        if self.state is GroupState.JOINING:
            return
        self._wait_for_more = not self.members
        longest_s = max((member.rebalance_s for member in self.members.values()), default=_FIRST_JOIN_GRACE_S)
        self._settle_at_s = time.monotonic() + longest_s
        self.state = GroupState.JOINING
        for member in self.members.values():
            member.fail(ErrorCode.REBALANCE_IN_PROGRESS)

    def _settle(self) -> None:
        self.generation += 1
        self.state = GroupState.SYNCING
        if self._leader not in self.members:
            self._leader = next(iter(self.members))
        shared = set.intersection(*(set(member.protocols) for member in self.members.values()))
        self.protocol = next(name for name in self.members[self._leader].protocols if name in shared)
        for member in self.members.values():
            member.seen_at_s = time.monotonic()
            member.assignment = b""
            if member.joining is not None:
                member.joining.set_result(self._joined(member))

    def _hand_out(self, shares: dict[str, bytes]) -> None:
        self.state = GroupState.STABLE
        for member in self.members.values():
            member.assignment = shares.get(member.id, b"")
            member.seen_at_s = time.monotonic()
            if member.syncing is not None and not member.syncing.done():
                member.syncing.set_result(member.assignment)

    def _joined(self, member: Member) -> Joined:
        leader = self._leader or ""
        everybody = [(each.id, each.protocols[self.protocol]) for each in self.members.values()]
        return Joined(self.generation, self.protocol, leader, member.id, everybody if member.id == leader else [])
