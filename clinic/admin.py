"""Django's admin for operators: it looks, and what it changes goes through the same actions as all else."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from clinic.actions.appointments import book_appointment, cancel_appointment
from clinic.errors import ClinicError
from clinic.models import Appointment, Doctor, Event, Person, Role
from clinic.policy import Operation, allowed

if TYPE_CHECKING:  # these are generic for the type checker only
    ModelAdmin = admin.ModelAdmin[Any]
    AppointmentForm = forms.ModelForm[Appointment]
else:
    ModelAdmin = admin.ModelAdmin
    AppointmentForm = forms.ModelForm


class LookOnly(ModelAdmin):
    """Rows that nobody edits by hand: an edit here would reach no open screen."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Person)
class PersonAdmin(LookOnly):
    list_display = ["username", "name", "role", "is_approved", "is_active"]
    list_filter = ["role", "is_approved", "is_active"]
    search_fields = ["username", "first_name", "last_name", "email"]
    exclude = ["password"]


@admin.register(Doctor)
class DoctorAdmin(LookOnly):
    list_display = ["person", "specialization", "appointment_duration"]
    list_select_related = ["person"]


@admin.register(Event)
class EventAdmin(LookOnly):
    list_display = ["at", "type", "actor", "subject_kind", "subject_id"]
    list_filter = ["type"]
    list_select_related = ["actor"]


class BookingForm(AppointmentForm):
    """Whom, with whom, when. Notes are between the patient and the doctor."""

    class Meta:
        model = Appointment
        fields = ["doctor", "patient", "start"]

    patient = forms.ModelChoiceField(Person.objects.filter(role=Role.PATIENT, is_active=True))


@admin.register(Appointment)
class AppointmentAdmin(LookOnly):
    """Book and cancel, by the actions that everyone else books and cancels by."""

    list_display = ["id", "start", "doctor", "patient", "status"]
    list_filter = ["status", "doctor"]
    list_select_related = ["doctor__person", "patient"]
    date_hierarchy = "start"
    actions = ["cancel_selected"]
    exclude = ["notes", "seal"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return allowed(_operator(request), Operation.BOOK)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = BookingForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return BookingForm.Meta.fields if obj is None else super().get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        booking = book_appointment(
            actor=_operator(request),
            doctor_id=obj.doctor_id,
            patient_id=obj.patient_id,
            when=obj.start,
        )
        obj.pk = booking.appointment.pk

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ClinicError as refusal:
            self.message_user(request, refusal.text, messages.ERROR)
            return HttpResponseRedirect(request.path)

    @admin.action(description="Cancel the selected appointments", permissions=["add"])
    def cancel_selected(self, request: HttpRequest, chosen: QuerySet[Appointment]) -> None:
        for appointment in chosen:
            try:
                cancel_appointment(actor=_operator(request), appointment_id=appointment.pk)
            except ClinicError as refusal:
                self.message_user(request, f"{appointment}: {refusal.text}", messages.ERROR)


def _operator(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user
