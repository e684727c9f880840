"""Accounts, roles and the access log in the admin."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import AbstractUser, Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from social_django.models import Association, Nonce, UserSocialAuth
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from biblioteca.backoffice.models import AccessEntry
from biblioteca.backoffice.signin.backends import comes_by_sso
from biblioteca.operations.sso import ROLES

# Tables of the libraries that no editor needs to see.
HIDDEN = (Association, Nonce, UserSocialAuth, User, Group)


class AccountForm(UserChangeForm):
    """An account; the way to its password is underlined, as links among words are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password" in self.fields:
            text = gettext("Nobody can read it. {link} a new one.")
            link = format_html('<a class="underline" href="../password/">{}</a>', _("Choose"))
            self.fields["password"].help_text = format_html(text, link=link)


class AccountAdmin(UserAdmin, ModelAdmin):
    """People who may enter the back office.

    Whoever manages accounts gives and takes no more than is theirs: an account that may do more is
    shown and not changed, a role with more is not offered.
    """

    form = AccountForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "email", "role_names", "is_active")
    list_filter = ("groups", "is_active")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("May do"), {"fields": ("is_active", "is_staff", "groups")}),
        (_("Times"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "groups")}),
        (_("Password"), {"fields": ("usable_password", "password1", "password2")}),
    )
    everything = (
        _("Everything, without any role (for emergencies)"),
        {"fields": ("is_superuser", "user_permissions")},
    )
    provided = _("Comes by single sign-on: name, address and roles are those of the provider.")
    readonly_fields = ("last_login", "date_joined")
    help_page = "entrar"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Fetch the roles of a whole page at once."""
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("roles"))
    def role_names(self, user: AbstractUser) -> str:
        """Return the names of an account's roles."""
        names = [group.name for group in user.groups.all()]
        return ", ".join([gettext("everything"), *names] if user.is_superuser else names) or "–"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show a password where there is one, and to superusers what only they give."""
        shown = super().get_fieldsets(request, obj)
        if obj is not None and comes_by_sso(obj):
            provided: Any = (None, {"fields": ("username",), "description": self.provided})
            shown = (provided, *shown[1:])
        return (*shown, self.everything) if obj and is_superuser(request) else shown

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave what a provider says to the provider."""
        fixed = (*super().get_readonly_fields(request, obj),)
        if obj is not None and comes_by_sso(obj):
            fixed += ("username", "email", "is_staff", "groups")
            fixed += ("is_superuser", "user_permissions") if is_superuser(request) else ()
        return fixed

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Offer the roles that whoever gives them has too."""
        if db_field.name == "groups":
            options["queryset"] = groups_within(request)
        return super().formfield_for_manytomany(db_field, request, **options)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make an account one of the back office: there is nothing else to have one for."""
        if not change:
            obj.is_staff = True
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this account may be changed: not one that may do more."""
        return super().has_change_permission(request, obj) and has_no_more(obj, request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this account may be deleted: nor one's own."""
        is_own = obj is not None and obj.pk == request.user.pk
        may = super().has_delete_permission(request, obj)
        return may and not is_own and has_no_more(obj, request)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        """Set a password; who comes by single sign-on has none."""
        user = self.get_object(request, id)
        if user is not None and comes_by_sso(cast("AbstractUser", user)):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)


def is_superuser(request: HttpRequest) -> bool:
    """Tell whether everything is permitted to whoever asks."""
    return request.user.is_active and request.user.is_superuser


def own_permissions(request: HttpRequest) -> set[int]:
    """Return the keys of the permissions of whoever asks."""
    of_mine = Q(user=request.user.pk) | Q(group__user=request.user.pk)
    return {*Permission.objects.filter(of_mine).values_list("pk", flat=True)}


def has_no_more(user: AbstractUser | None, request: HttpRequest) -> bool:
    """Tell whether an account (active or not) may do nothing that whoever asks may not."""
    if user is None or is_superuser(request):
        return True
    theirs = Permission.objects.filter(Q(user=user.pk) | Q(group__user=user.pk))
    return not user.is_superuser and {*theirs.values_list("pk", flat=True)} <= own_permissions(
        request
    )


def groups_within(request: HttpRequest) -> QuerySet[Group]:
    """Return the groups whose permissions whoever asks has too."""
    if is_superuser(request):
        return Group.objects.order_by("name")
    beyond = Permission.objects.exclude(pk__in=own_permissions(request))
    return Group.objects.exclude(permissions__in=beyond).order_by("name")


class RoleAdmin(ModelAdmin):
    """Roles: the three that come with the catalogue stay as they are; a superuser adds others."""

    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)
    autocomplete_fields = ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Fetch with the permissions what their names are made of."""
        if db_field.name == "permissions":
            options["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **options)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether roles may be added."""
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this role may be changed."""
        return is_superuser(request) and not is_fixed(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this role may be deleted."""
        return is_superuser(request) and not is_fixed(obj)


def is_fixed(group: Model | None) -> bool:
    """Tell whether a group is one of the roles that come with the catalogue."""
    return isinstance(group, Group) and group.name in ROLES


class AccessAdmin(ModelAdmin):
    """The access log, which nobody changes."""

    list_display = ("momento", "quem", "acao", "alvo", "porta", "origem", "detalhe")
    list_display_links = None
    list_filter = ("acao", "porta")
    search_fields = ("quem", "alvo")
    ordering = ("-momento", "-pk")
    actions = None
    help_page = "entrar"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


def register() -> None:
    """Put these in the place of what the libraries registered."""
    for model in HIDDEN:
        try:
            admin.site.unregister(model)
        except NotRegistered:
            continue
    admin.site.register(User, AccountAdmin)
    admin.site.register(Group, RoleAdmin)
    admin.site.register(AccessEntry, AccessAdmin)
