"""The waiting list on the wire."""

from datetime import date, datetime
from typing import Literal

from clinic.events import WaitlistOffered
from clinic.rules.zones import local_date, local_time
from clinic.shapes.base import Shape, WallTime
from clinic.shapes.people import DoctorRef, PersonRef, doctor_ref, person_ref


class WaitlistOffer(Shape):
    """A time that is kept for its patient until `expires_at`. Date and wall times are in `time_zone`, the doctor's."""

    doctor: DoctorRef
    appointment_date: date
    start_time: WallTime
    end_time: WallTime
    start: datetime
    end: datetime
    time_zone: str
    expires_at: datetime


class WaitlistEntry(Shape):
    """Somebody's place on the waiting list, and what they are offered."""

    id: int
    status: Literal["OFFERED"]
    patient: PersonRef
    offer: WaitlistOffer


def waitlist_entry(event: WaitlistOffered) -> WaitlistEntry:
    zone, span = event.doctor.person.time_zone, event.span
    offer = WaitlistOffer(
        doctor=doctor_ref(event.doctor),
        appointment_date=local_date(span.start, zone),
        start_time=local_time(span.start, zone),
        end_time=local_time(span.end, zone),
        start=span.start,
        end=span.end,
        time_zone=zone,
        expires_at=event.expires_at,
    )
    return WaitlistEntry(
        id=event.entry_id, status="OFFERED", patient=person_ref(event.patient), offer=offer
    )
