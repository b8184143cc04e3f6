"""The way into the admin: a session like any other, that ends like any other."""

import uuid
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from clinic import clock
from clinic.actions.passwords import change_password
from clinic.actions.sessions import end_session, sign_in
from clinic.admin.letters import letter_pages
from clinic.errors import ClinicError, FieldError, RateLimited
from clinic.models import Person, Session
from clinic.policy import Operation, allowed
from clinic.tokens import read_access

# Under this name Django's own session keeps the id of ours.
SESSION_KEY: Final = "clinic_session"
DEVICE: Final = "Operators' admin"


class OperatorLogin(AdminAuthenticationForm):
    """Signs in by the action that everyone signs in by; people who are no operators are told nothing else."""

    def clean(self) -> dict[str, Any]:
        username, password = (self.cleaned_data.get(name) for name in ("username", "password"))
        if not username or not password:
            return self.cleaned_data
        try:
            tokens = sign_in(username=username, password=password, device=DEVICE)
        except ClinicError as refusal:
            raise forms.ValidationError(refusal.text, code=refusal.code) from None
        session_id = read_access(tokens.access).session_id
        person = Session.objects.select_related("person").get(id=session_id).person
        if not _is_operator(person):
            end_session(session_id)
            raise self.get_invalid_login_error()
        self.user_cache = person
        self.request.opened_session = session_id  # type: ignore[union-attr]  # for OperatorsSite.login
        return self.cleaned_data


class OperatorPassword(AdminPasswordChangeForm):
    """Changed by the action that everyone changes theirs by: all other sessions of the operator end."""

    keep: uuid.UUID

    def clean_old_password(self) -> str:
        return str(self.cleaned_data["old_password"])  # the action proves it, and counts the tries

    def clean(self) -> Any:
        cleaned = super().clean()
        if not self.errors:
            old, new = self.cleaned_data["old_password"], self.cleaned_data["new_password1"]
            try:
                change_password(actor=self.user, session_id=self.keep, old=old, new=new)
            except FieldError as refusal:
                at = refusal.field if refusal.field in self.fields else "new_password1"
                self.add_error(at, refusal.text)
            except RateLimited as refusal:
                self.add_error("old_password", refusal.text)
        return cleaned

    def save(self, commit: bool = True) -> Any:
        self.user.refresh_from_db()
        return self.user


class OperatorsSite(admin.AdminSite):
    site_header = "Clinic, for operators"
    site_title = "Clinic"
    index_title = "What can be looked at, and what can be done"
    index_template = "admin/operators.html"
    login_form = OperatorLogin

    def get_urls(self) -> list[Any]:
        return [*letter_pages(self), *super().get_urls()]

    def has_permission(self, request: HttpRequest) -> bool:
        """Asked at every page: a session that ended elsewhere ends here too."""
        person = request.user
        return isinstance(person, Person) and _is_operator(person) and _stands(request, person)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().login(request, extra_context)
        opened: uuid.UUID | None = getattr(request, "opened_session", None)
        if opened is not None:
            request.session[SESSION_KEY] = str(opened)
        return response

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        own = request.session.get(SESSION_KEY)
        if own is not None:
            end_session(uuid.UUID(own))
        return super().logout(request, extra_context)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        own = uuid.UUID(request.session[SESSION_KEY])
        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=type("Form", (OperatorPassword,), {"keep": own}),
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)


def _is_operator(person: Person) -> bool:
    return person.is_staff and allowed(person, Operation.LIST_PEOPLE)


def _stands(request: HttpRequest, person: Person) -> bool:
    own: str | None = request.session.get(SESSION_KEY)
    if own is None:
        return False
    standing = Session.objects.filter(person=person, ended_at=None, expires_at__gt=clock.now())
    return standing.filter(id=own).exists()
