/** The days on which the clinic is closed. Each change is saved at once. */
import { ActionIcon, Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { loadAppointments } from '../api/appointments'
import type { Clinic } from '../api/shapes'
import { dateName, dateOf } from '../time/clock'
import { useNow } from '../time/useNow'
import { showToast } from '../ui/announcements'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import styles from './forms.module.css'
import { useClinicChange } from './useClinic'

export function ClosuresEditor({ clinic }: { clinic: Clinic }) {
  const { t } = useTranslation()
  const today = dateOf(useNow(), clinic.time_zone)
  const [date, setDate] = useState('')
  const [reason, setReason] = useState('')
  const change = useClinicChange(() => showToast(t('saved')))
  const booked = useBookedOn(date)
  const coming = clinic.closures.filter((closure) => closure.date >= today)
  const isClosed = clinic.closures.some((closure) => closure.date === date)

  function add(event: FormEvent) {
    event.preventDefault()
    if (!date || isClosed || change.isPending) return
    change.mutate(
      { closures: [...clinic.closures, { date, reason: reason.trim() }] },
      {
        onSuccess: () => {
          setDate('')
          setReason('')
        },
      },
    )
  }

  return (
    <>
      {coming.length === 0 && <p className={styles.empty}>{t('closures.none')}</p>}
      {coming.length > 0 && (
        <ul className={styles.list} data-testid="closures">
          {coming.map((closure) => (
            <li key={closure.date}>
              <span className={styles.grow}>
                <span className={styles.strong}>{longDate(closure.date)}</span>
                {closure.reason && <span className={styles.soft}> · {closure.reason}</span>}
              </span>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label={t('closures.remove', { day: longDate(closure.date) })}
                onClick={() =>
                  change.mutate({ closures: clinic.closures.filter((each) => each.date !== closure.date) })
                }
              >
                <Icon name="close" />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
      {change.error && (
        <div className={styles.error}>
          <ErrorNote error={change.error} />
        </div>
      )}
      <form className={styles.form} onSubmit={add}>
        <div className={styles.add}>
          <TextInput
            type="date"
            label={t('closures.day')}
            min={today}
            value={date}
            onChange={(event) => setDate(event.currentTarget.value)}
          />
          <TextInput
            className={styles.grow}
            label={t('closures.reason')}
            maxLength={200}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" loading={change.isPending}>
            {t('closures.add')}
          </Button>
        </div>
        {isClosed && <p className={styles.note}>{t('closures.already')}</p>}
        {!isClosed && booked > 0 && <p className={styles.note}>{t('closures.booked', { count: booked })}</p>}
      </form>
    </>
  )
}

/** How many visits stand on a day: they stay booked when it is closed. */
function useBookedOn(date: string): number {
  const { data } = useQuery({
    queryKey: ['appointments', 'closing', date],
    queryFn: ({ signal }) => loadAppointments({ from: date, to: date }, signal),
    enabled: date !== '',
    gcTime: 0,
  })
  return data?.appointments.filter(({ status }) => status === 'SCHEDULED').length ?? 0
}

function longDate(date: string): string {
  return dateName(date, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
}
