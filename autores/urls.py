"""Routes of autores."""

from autores.views import AutorViewSet
from biblioteca.api.routers import ContractRouter

router = ContractRouter()
router.register("autores", AutorViewSet, basename="autores")

urlpatterns = router.urls
