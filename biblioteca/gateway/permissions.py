"""Permission is data on the view: which scope each method needs."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from biblioteca.gateway.callers import READ, WRITE, Caller


class ScopePermission(BasePermission):
    """Ask the caller for the scope that the view names: ``read_scope`` or ``write_scope``."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether the caller may call this method of this view."""
        caller = request.user
        if request.method == "OPTIONS":
            return True
        safe = request.method in SAFE_METHODS
        scope = getattr(view, "read_scope", READ) if safe else getattr(view, "write_scope", WRITE)
        return isinstance(caller, Caller) and caller.may(scope)
