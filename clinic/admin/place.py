"""The clinic itself for operators: its name and zone, its rooms, the days it is closed."""

from dataclasses import replace

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from clinic.actions.place import ClinicChange, RoomEntry, change_clinic
from clinic.admin.acting import ActingForm, DeletedByAction, LookOnly, operator_of
from clinic.errors import FieldError
from clinic.models import Clinic, Closure, Person, Room
from clinic.policy import Operation, allowed
from clinic.queries.place import closures, rooms, the_clinic


class ClinicForm(ActingForm):
    class Meta:
        model = Clinic
        fields = ["name", "time_zone"]

    def act(self) -> Clinic:
        return change_clinic(actor=self.operator, change=ClinicChange(**self.cleaned_data))


class RoomForm(ActingForm):
    class Meta:
        model = Room
        fields = ["name"]

    def act(self) -> Room:
        name = self.cleaned_data["name"]
        entries = [RoomEntry(room.name, room.pk) for room in rooms()]
        if self.instance.pk is None:
            entries.append(RoomEntry(name))
        else:
            entries = [replace(e, name=name) if e.id == self.instance.pk else e for e in entries]
        _set_rooms(self.operator, entries)
        return Room.objects.get(name=name)


class ClosureForm(ActingForm):
    class Meta:
        model = Closure
        fields = ["day", "reason"]

    def act(self) -> Closure:
        day, reason = self.cleaned_data["day"], self.cleaned_data["reason"]
        if day in _closed_days():
            raise FieldError("day", "The clinic is closed on this day already.", code="unique")
        _set_closures(self.operator, {**_closed_days(), day: reason})
        return Closure.objects.get(day=day)


class _Written(LookOnly):
    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return allowed(operator_of(request), Operation.WRITE_CLINIC)


@admin.register(Clinic)
class ClinicAdmin(_Written):
    list_display = ["__str__", "time_zone"]
    acting_form = ClinicForm

    def changelist_view(self, request: HttpRequest, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        the_clinic()  # Its one row is made when it is first asked for.
        return super().changelist_view(request, *args, **kwargs)  # type: ignore[arg-type]


@admin.register(Room)
class RoomAdmin(DeletedByAction, _Written):
    list_display = ["name"]
    acting_form = RoomForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_change_permission(request)

    def remove(self, operator: Person, row: Room) -> None:
        _set_rooms(operator, [RoomEntry(r.name, r.pk) for r in rooms() if r.pk != row.pk])


@admin.register(Closure)
class ClosureAdmin(DeletedByAction):
    list_display = ["day", "reason"]
    acting_form = ClosureForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return allowed(operator_of(request), Operation.WRITE_CLINIC)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_add_permission(request)

    def remove(self, operator: Person, row: Closure) -> None:
        _set_closures(operator, {d: why for d, why in _closed_days().items() if d != row.day})


def _closed_days() -> dict[object, str]:
    return {closure.day: closure.reason for closure in closures()}


def _set_rooms(operator: Person, entries: list[RoomEntry]) -> None:
    change_clinic(actor=operator, change=ClinicChange(rooms=entries))


def _set_closures(operator: Person, days: dict[object, str]) -> None:
    change_clinic(actor=operator, change=ClinicChange(closures=days))  # type: ignore[arg-type]
