"""Pages that look, and forms whose saving is an action."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from clinic.errors import ClinicError, FieldError
from clinic.models import Person

if TYPE_CHECKING:  # these are generic for the type checker only
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm


def operator_of(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


class ActingForm(ModelForm):
    """What the action refuses stands in the form, beside all that was typed."""

    operator: Person

    def act(self) -> Model:
        """Do it, with the cleaned data; the row that there is now."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        # Instead of Django's own look at the row: the action refuses what is taken, in words of its own.
        if self.errors:
            return
        try:
            self.instance = self.act()
        except FieldError as refusal:
            field = refusal.field if refusal.field in self.fields else None
            self.add_error(field, refusal.text)
        except ClinicError as refusal:
            self.add_error(None, refusal.text)

    def save(self, commit: bool = True) -> Any:
        return self.instance

    def save_m2m(self) -> None:
        """The action has done all there is to do."""


class LookOnly(ModelAdmin):
    """Rows that nobody edits by hand: an edit here would reach no open screen."""

    acting_form: type[ActingForm] | None = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if self._acts_on(request, obj) and self.acting_form is not None:
            kwargs["form"] = type("Form", (self.acting_form,), {"operator": operator_of(request)})
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if self._acts_on(request, obj) and self.acting_form is not None:
            return list(self.acting_form.base_fields)
        return super().get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The form's action has saved it."""

    def _acts_on(self, request: HttpRequest, obj: Any) -> bool:
        return obj is None or self.has_change_permission(request, obj)


class DeletedByAction(LookOnly):
    """Rows that an action removes, one by one: what it refuses is said, and nothing is gone."""

    actions = None

    def remove(self, operator: Person, row: Any) -> None:
        raise NotImplementedError

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(operator_of(request), obj)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().delete_view(request, *args, **kwargs)
        except ClinicError as refusal:
            self.message_user(request, refusal.text, messages.ERROR)
            return HttpResponseRedirect("../../")
