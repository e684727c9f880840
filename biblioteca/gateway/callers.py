"""Who is calling: the answer of the trust layer, carried by every request."""

from contextvars import ContextVar
from dataclasses import dataclass

READ = "catalogo:ler"
WRITE = "catalogo:escrever"


@dataclass(frozen=True)
class Caller:
    """A client of the API and what it may do; ``name`` stands in the history of its changes."""

    name: str
    scopes: frozenset[str]

    # DRF and its throttles ask this of every user.
    is_authenticated = True

    def may(self, scope: str) -> bool:
        """Tell whether the caller has ``scope``; writing includes reading."""
        return scope in self.scopes or (scope == READ and WRITE in self.scopes)


# Who made the request that is being answered: what every line of the log says.
current_caller: ContextVar[str] = ContextVar("current_caller", default="-")

ANYBODY = Caller(name="anônimo", scopes=frozenset({WRITE}))
# Whoever reads where reading is public.
PUBLIC = Caller(name="anônimo", scopes=frozenset({READ}))
