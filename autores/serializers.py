"""What the API reads and writes of an author."""

from biblioteca.api.serializers import NamedSerializer


class AutorSerializer(NamedSerializer):
    """An author."""
