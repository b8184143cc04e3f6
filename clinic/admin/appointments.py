"""Appointments for operators: booked and cancelled by the actions that everyone uses."""

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from clinic.actions.appointments import book_appointment, cancel_appointment
from clinic.admin.acting import ActingForm, LookOnly, operator_of
from clinic.errors import ClinicError
from clinic.models import Appointment, Person, Role
from clinic.policy import Operation, allowed


class BookingForm(ActingForm):
    """Whom, with whom, when. Notes are between the patient and the doctor."""

    class Meta:
        model = Appointment
        fields = ["doctor", "patient", "start"]

    patient = forms.ModelChoiceField(Person.objects.filter(role=Role.PATIENT, is_active=True))

    def act(self) -> Appointment:
        return book_appointment(
            actor=self.operator,
            doctor_id=self.cleaned_data["doctor"].pk,
            patient_id=self.cleaned_data["patient"].pk,
            when=self.cleaned_data["start"],
        ).appointment


@admin.register(Appointment)
class AppointmentAdmin(LookOnly):
    """Book and cancel, by the actions that everyone else books and cancels by."""

    list_display = ["id", "start", "doctor", "patient", "status"]
    list_filter = ["status", "doctor"]
    list_select_related = ["doctor__person", "patient"]
    date_hierarchy = "start"
    actions = ["cancel_selected"]
    exclude = ["notes", "seal"]
    acting_form = BookingForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return allowed(operator_of(request), Operation.BOOK)

    @admin.action(description="Cancel the selected appointments", permissions=["add"])
    def cancel_selected(self, request: HttpRequest, chosen: QuerySet[Appointment]) -> None:
        for appointment in chosen:
            try:
                cancel_appointment(actor=operator_of(request), appointment_id=appointment.pk)
            except ClinicError as refusal:
                self.message_user(request, f"{appointment}: {refusal.text}", messages.ERROR)
