"""Routes of editoras."""

from biblioteca.api.routers import ContractRouter
from editoras.views import EditoraViewSet

router = ContractRouter()
router.register("editoras", EditoraViewSet, basename="editoras")

urlpatterns = router.urls
