"""People for operators: accounts are made, doctors approved, people shut out and let in again."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from clinic.actions.accounts import NewAccount, create_account
from clinic.actions.people import (
    activate_person,
    approve_doctor,
    deactivate_person,
    reject_doctor,
)
from clinic.admin.acting import ActingForm, LookOnly, operator_of
from clinic.errors import ClinicError
from clinic.models import Doctor, Person
from clinic.policy import Operation, allowed


class AccountForm(ActingForm):
    """Without a user name one is made of the name; without a password nobody can sign in until invited."""

    class Meta:
        model = Person
        fields = ["role", "first_name", "last_name", "email", "username"]

    username = forms.CharField(max_length=150, required=False)
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        required=False,
        strip=False,
    )
    specialization = forms.CharField(max_length=120, required=False, help_text="Of a doctor.")

    def act(self) -> Person:
        given = {**self.cleaned_data, "password": self.cleaned_data["password"] or None}
        return create_account(actor=self.operator, account=NewAccount(**given))


# Rights follow from roles, by the policy: groups would promise what nobody keeps.
admin.site.unregister(Group)


@admin.register(Person)
class PersonAdmin(LookOnly):
    list_display = ["username", "name", "role", "is_approved", "is_active"]
    list_filter = ["role", "is_approved", "is_active"]
    search_fields = ["username", "first_name", "last_name", "email"]
    exclude = ["password"]
    actions = ["approve", "reject", "deactivate", "activate"]
    acting_form = AccountForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return allowed(operator_of(request), Operation.CREATE_ACCOUNT)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return allowed(operator_of(request), Operation.APPROVE_DOCTOR)

    @admin.action(description="Approve the selected doctors", permissions=["decide"])
    def approve(self, request: HttpRequest, chosen: QuerySet[Person]) -> None:
        self._decide(request, chosen, approve_doctor)

    @admin.action(description="Reject the selected doctors", permissions=["decide"])
    def reject(self, request: HttpRequest, chosen: QuerySet[Person]) -> None:
        self._decide(request, chosen, reject_doctor)

    @admin.action(description="Deactivate the selected people", permissions=["decide"])
    def deactivate(self, request: HttpRequest, chosen: QuerySet[Person]) -> None:
        self._decide(request, chosen, deactivate_person)

    @admin.action(description="Activate the selected people", permissions=["decide"])
    def activate(self, request: HttpRequest, chosen: QuerySet[Person]) -> None:
        self._decide(request, chosen, activate_person)

    def _decide(
        self, request: HttpRequest, chosen: QuerySet[Person], decide: Callable[..., Any]
    ) -> None:
        for person in chosen:
            try:
                decide(actor=operator_of(request), person_id=person.pk)
            except ClinicError as refusal:
                self.message_user(request, f"{person.name}: {refusal.text}", messages.ERROR)
            else:
                self.message_user(request, f"{person.name}: done.")


@admin.register(Doctor)
class DoctorAdmin(LookOnly):
    list_display = ["person", "specialization", "appointment_duration"]
    list_select_related = ["person"]
