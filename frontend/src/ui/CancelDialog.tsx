/** Asks once before an appointment is cancelled. */
import { Button, Group, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { cancel } from '../api/appointments'
import { Problem } from '../api/problem'
import type { Appointment, Appointments } from '../api/shapes'
import { announce, showToast } from './announcements'
import { useAttempt } from './attempt'
import styles from './CancelDialog.module.css'
import { Dialog } from './Dialog'
import { ErrorNote } from './ErrorNote'

interface Props {
  appointment: Appointment
  /** The other side, and when, as this page words them. */
  name: string
  when: string
  opened: boolean
  onClose: () => void
}

export function CancelDialog({ appointment, name, when, opened, onClose }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const attempt = useAttempt()
  const [reason, setReason] = useState('')
  const cancelling = useMutation({
    mutationFn: () => cancel(appointment, reason.trim(), attempt.keyFor([appointment, reason])),
    onSuccess: (cancelled) => {
      attempt.settled()
      putEverywhere(cancelled)
      showToast(t('appointment.cancelled'))
      onClose()
    },
    onError: (error) => {
      // Nothing came back: asking again with the same key is the same cancelling.
      if (error instanceof Problem && error.isTransient) return
      attempt.settled()
      announce(t('error.title'))
      void client.invalidateQueries({ queryKey: ['appointments'] })
    },
  })

  function putEverywhere(cancelled: Appointment) {
    client.setQueriesData<Appointments>({ queryKey: ['appointments'] }, (data) =>
      data
        ? {
            ...data,
            appointments: data.appointments.map((held) =>
              held.id === cancelled.id && held.version <= cancelled.version
                ? { ...held, ...cancelled }
                : held,
            ),
          }
        : data,
    )
  }

  return (
    <Dialog opened={opened} onClose={onClose} title={t('appointment.cancelTitle')}>
      <div className={styles.body}>
        <p className={styles.lead}>{t('appointment.cancelLead', { when, name })}</p>
        {cancelling.error && <ErrorNote error={cancelling.error} />}
        <Textarea
          label={t('appointment.cancelReason')}
          description={t('appointment.cancelReasonHint')}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('appointment.cancelKeep')}
          </Button>
          <Button
            className="danger"
            loading={cancelling.isPending}
            onClick={() => !cancelling.isPending && cancelling.mutate()}
          >
            {t('appointment.cancelConfirm')}
          </Button>
        </Group>
      </div>
    </Dialog>
  )
}
