"""The published language: every event that one service publishes and another may read."""

from shared.contracts import claims, enrollment, gateway, workinjury_bridge
from shared.contracts.envelope import REGISTRY, Envelope, EventType, Registry, event

__all__ = ["REGISTRY", "Envelope", "EventType", "Registry", "claims", "enrollment", "event", "gateway", "workinjury_bridge"]
