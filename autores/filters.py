"""The filters of ``/autores/``."""

from biblioteca.api.filters import COMMON

FILTERS = COMMON
