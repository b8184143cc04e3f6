"""Which step each status allows, and which statuses keep a doctor and a patient occupied."""

import pytest

from clinic.errors import InvalidTransition
from clinic.rules.statuses import OCCUPYING, STEPS_FROM, Status, Step, require_step, steps_allowed

pytestmark = pytest.mark.engine("sqlite")

FROM = {
    Step.CONFIRM: {Status.SCHEDULED},
    Step.RESCHEDULE: {Status.SCHEDULED},
    Step.CANCEL: {Status.SCHEDULED, Status.ARRIVED},
    Step.NO_SHOW: {Status.SCHEDULED, Status.ARRIVED},
}


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("status", Status)
def test_a_step_is_taken_from_its_own_statuses_only(step: Step, status: Status) -> None:
    if status in FROM[step]:
        require_step(step, status)
        assert step in steps_allowed(status)
    else:
        with pytest.raises(InvalidTransition) as refused:
            require_step(step, status)
        assert refused.value.allowed == steps_allowed(status)
        assert step not in refused.value.allowed
        assert status in str(refused.value)


def test_every_step_has_its_line_in_the_table() -> None:
    assert set(STEPS_FROM) == set(Step)


def test_all_but_cancelled_and_missed_visits_occupy() -> None:
    assert set(Status) - set(OCCUPYING) == {Status.CANCELLED, Status.NO_SHOW}


def test_nothing_follows_a_cancelled_appointment() -> None:
    assert steps_allowed(Status.CANCELLED) == []
