"""What the API reads and writes of a publisher."""

from biblioteca.api.serializers import NamedSerializer


class EditoraSerializer(NamedSerializer):
    """A publisher."""
