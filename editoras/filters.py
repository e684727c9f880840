"""The filters of ``/editoras/``."""

from biblioteca.api.filters import COMMON

FILTERS = COMMON
