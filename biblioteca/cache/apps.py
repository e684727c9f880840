from django.apps import AppConfig
from django.core.signals import request_finished
from django.utils.translation import gettext_lazy as _


class CacheConfig(AppConfig):
    """The read cache: what is current, and the answers that are."""

    name = "biblioteca.cache"
    label = "cache"
    verbose_name = _("Read cache")

    def ready(self) -> None:
        """Finish, before its response is sent, the announcement of a write that came to nothing."""
        from biblioteca.cache.announcements import finish_over

        request_finished.connect(finish_over, dispatch_uid="cache.finish_over")
