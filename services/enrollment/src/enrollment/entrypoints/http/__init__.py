"""REST under /v1."""

from enrollment.entrypoints.http.routes import enrollment_router

__all__ = ["enrollment_router"]
