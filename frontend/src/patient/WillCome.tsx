/** "I'll be there": said once by the patient, and then shown. */
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { confirm } from '../api/appointments'
import { Problem } from '../api/problem'
import type { Appointment, Appointments } from '../api/shapes'
import { putAppointment } from '../realtime/appointments'
import { useNow } from '../time/useNow'
import { announce, showToast } from '../ui/announcements'
import { useAttempt } from '../ui/attempt'
import { Icon } from '../ui/Icon'
import { mayMove, myAppointmentsKey } from './useMyAppointments'

export function WillCome({ appointment }: { appointment: Appointment }) {
  const { t } = useTranslation()
  const now = useNow()
  const client = useQueryClient()
  const attempt = useAttempt()
  const confirming = useMutation({
    mutationFn: () => confirm(appointment, attempt.keyFor([appointment.id, appointment.sequence])),
    onSuccess: (confirmed) => {
      attempt.settled()
      client.setQueryData<Appointments>(
        myAppointmentsKey,
        (data) => data && putAppointment(data, confirmed, () => true),
      )
      showToast(t('appointment.thanks'))
    },
    onError: (error) => {
      if (!(error instanceof Problem && error.isTransient)) attempt.settled()
      announce(error instanceof Problem ? error.message : t('error.title'))
    },
  })
  if (appointment.confirmed_at || !mayMove(appointment, now)) return null
  return (
    <Button
      leftSection={<Icon name="check" />}
      loading={confirming.isPending}
      onClick={() => !confirming.isPending && confirming.mutate()}
    >
      {t('appointment.willCome')}
    </Button>
  )
}
