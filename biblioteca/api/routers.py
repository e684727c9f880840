"""Routes of a resource, with and without the slash at the end, neither a redirect."""

from rest_framework.routers import Route, SimpleRouter


class ContractRouter(SimpleRouter):
    """``/obras/`` and ``/obras/{id}``."""

    routes = [
        Route(
            url=r"^{prefix}/?$",
            mapping={"get": "list", "post": "create"},
            name="{basename}-list",
            detail=False,
            initkwargs={"suffix": "List"},
        ),
        Route(
            url=r"^{prefix}/{lookup}/?$",
            mapping={
                "get": "retrieve",
                "put": "update",
                "patch": "partial_update",
                "delete": "destroy",
            },
            name="{basename}-detail",
            detail=True,
            initkwargs={"suffix": "Instance"},
        ),
    ]
