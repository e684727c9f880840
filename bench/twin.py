"""The API as Django REST framework's tutorial would have it: what our reads are compared with."""

from rest_framework import renderers, routers, serializers, viewsets
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import PageNumberPagination

from obras.models import Obra


class TwinSerializer(serializers.ModelSerializer):
    """The contract's keys through a ModelSerializer."""

    class Meta:
        model = Obra
        fields = ["id", "titulo", "editora", "foto", "autores"]


class TwinPagination(PageNumberPagination):
    """Pages of twenty with a count."""

    page_size = 20


class TwinViewSet(viewsets.ModelViewSet):
    """Works, read with prefetch_related."""

    queryset = Obra.objects.order_by("id").prefetch_related("autores")
    serializer_class = TwinSerializer
    pagination_class = TwinPagination
    renderer_classes = [renderers.JSONRenderer]
    content_negotiation_class = DefaultContentNegotiation
    authentication_classes = []
    permission_classes = []
    filter_backends = []
    schema = None


router = routers.SimpleRouter()
router.register("twin", TwinViewSet, basename="twin")
