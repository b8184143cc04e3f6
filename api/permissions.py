"""Every view says which operation each of its methods is; the policy says who may do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from clinic.policy import require

if TYPE_CHECKING:  # the framework imports this module while it defines APIView
    from rest_framework.views import APIView

    from clinic.models import Person


class RightsDeclared(BasePermission):
    """Refuses by the operation that the view declares for the method; a missing one is a mistake."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        operations = getattr(view, "operations", None)
        if operations is None:
            raise NotImplementedError(f"{type(view).__name__} declares no operations")
        # HEAD is GET without a body: Django lends it the same method.
        method = "GET" if request.method == "HEAD" else request.method
        if method in operations:
            require(cast("Person | None", request.user), operations[method])
        return True
