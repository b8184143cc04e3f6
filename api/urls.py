"""Every address of the API, on one screen."""

from django.urls import path, re_path, register_converter
from drf_spectacular.views import SpectacularSwaggerSplitView

from api import (
    app,
    appointments,
    auth,
    docs,
    doctors,
    health,
    metrics,
    notifications,
    place,
    schedules,
    users,
)
from api.fields import IdInPath

register_converter(IdInPath, "id")

urlpatterns = [
    path("api/auth/register/", auth.RegisterView.as_view()),
    path("api/auth/login/", auth.LoginView.as_view()),
    path("api/auth/refresh/", auth.RefreshView.as_view()),
    path("api/auth/logout/", auth.LogoutView.as_view()),
    path("api/token/", auth.TokenView.as_view()),
    path("api/token/refresh/", auth.TokenRefreshView.as_view()),
    path("api/users/register/", auth.RegisterFlatView.as_view()),
    path("api/users/me/", users.MeView.as_view()),
    path("api/users/", users.PeopleView.as_view()),
    path("api/users/doctors/", users.DoctorAccountsView.as_view()),
    path("api/users/patients/", users.PatientsView.as_view()),
    path("api/users/<id:person_id>/", users.PersonView.as_view()),
    path("api/users/<id:person_id>/approve/", users.ApproveView.as_view()),
    path("api/users/<id:person_id>/reject/", users.RejectView.as_view()),
    path("api/users/<id:person_id>/deactivate/", users.DeactivateView.as_view()),
    path("api/users/<id:person_id>/activate/", users.ActivateView.as_view()),
    path("api/clinic/", place.ClinicView.as_view()),
    path("api/doctors/", doctors.DirectoryView.as_view()),
    path("api/doctors/availability/", schedules.OwnAvailabilityView.as_view()),
    path("api/doctors/time_off/", schedules.TimeOffListView.as_view()),
    path("api/doctors/time_off/<id:time_off_id>/", schedules.TimeOffView.as_view()),
    path("api/doctors/<id:doctor_id>/slots/", doctors.SlotsView.as_view()),
    path("api/doctors/<id:doctor_id>/availability/", schedules.AvailabilityView.as_view()),
    path("api/appointments/", appointments.AppointmentsView.as_view()),
    path("api/appointments/available_doctors/", doctors.AvailableDoctorsView.as_view()),
    path("api/appointments/doctor_availability/", doctors.DoctorAvailabilityView.as_view()),
    path("api/appointments/book/", appointments.BookView.as_view()),
    path("api/appointments/<id:appointment_id>/", appointments.AppointmentView.as_view()),
    path("api/appointments/<id:appointment_id>/cancel/", appointments.CancelView.as_view()),
    path("api/notifications/", notifications.InboxView.as_view()),
    path("api/notifications/read/", notifications.ReadView.as_view()),
    path("api/schema/", docs.SchemaView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema")),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics_page),
    re_path(r"^(?!admin/).*$", app.web_app),
]
