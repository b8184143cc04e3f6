/** When the doctor is away: what is planned, and adding to it with the visits it would touch. */
import { ActionIcon, Button, Checkbox, Skeleton, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import { addTimeOff, loadTimeOff, removeTimeOff, type Whose } from '../api/schedules'
import type { Appointment, TimeOff } from '../api/shapes'
import styles from '../settings/forms.module.css'
import { dateName, dateOf, minutesOf, timeOf, zoneName } from '../time/clock'
import { useTimePreferences } from '../time/preferences'
import { useNow } from '../time/useNow'
import { showToast } from '../ui/announcements'
import { useAttempt } from '../ui/attempt'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { AffectedVisits } from './AffectedVisits'
import { type Absence, spanOf, visitsWithin } from './week'

interface Props {
  whose: Whose
  zone: string
  visits: Appointment[]
}

const NOTHING = { from: '', to: '', fromTime: '', toTime: '', reason: '' }

export function timeOffKey(whose: Whose) {
  return ['time-off', whose]
}

export function TimeOffEditor({ whose, zone, visits }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const now = useNow()
  const { data, error, refetch } = useQuery({
    queryKey: timeOffKey(whose),
    queryFn: () => loadTimeOff(whose),
  })
  const load = () => void client.invalidateQueries({ queryKey: timeOffKey(whose) })
  const removing = useMutation({
    mutationFn: (row: TimeOff) => removeTimeOff(row.id),
    onSuccess: () => showToast(t('timeOff.removed')),
    onSettled: load,
  })
  const coming = data?.filter((row) => Date.parse(row.end) > now) ?? []

  return (
    <>
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Skeleton height={48} radius="md" mb={16} aria-busy="true" />}
      {data && coming.length === 0 && <p className={styles.empty}>{t('timeOff.none')}</p>}
      {coming.length > 0 && (
        <ul className={styles.list} data-testid="time-off">
          {coming.map((row) => (
            <AbsenceRow
              key={row.id}
              row={row}
              zone={zone}
              touched={visitsWithin(visits, { start: Date.parse(row.start), end: Date.parse(row.end) }, now)}
              onRemove={() => removing.mutate(row)}
            />
          ))}
        </ul>
      )}
      {removing.error && (
        <div className={styles.error}>
          <ErrorNote error={removing.error} />
        </div>
      )}
      <NewTimeOff whose={whose} zone={zone} visits={visits} now={now} onAdded={load} />
    </>
  )
}

interface RowProps {
  row: TimeOff
  zone: string
  touched: Appointment[]
  onRemove: () => void
}

function AbsenceRow({ row, zone, touched, onRemove }: RowProps) {
  const { t } = useTranslation()
  const { hours } = useTimePreferences()
  const when = wordsFor(row, { zone, hours })
  return (
    <li>
      <span className={styles.grow}>
        <span className={`${styles.strong} numbers`}>{when}</span>
        {row.reason && <span className={styles.soft}> · {row.reason}</span>}
        {touched.length > 0 && (
          <>
            <br />
            <span className={styles.soft}>{t('timeOff.touches', { count: touched.length })}</span>
          </>
        )}
      </span>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={t('timeOff.remove', { when })}
        onClick={onRemove}
      >
        <Icon name="close" />
      </ActionIcon>
    </li>
  )
}

interface NewProps extends Props {
  now: number
  onAdded: () => void
}

function NewTimeOff({ whose, zone, visits, now, onAdded }: NewProps) {
  const { t } = useTranslation()
  const attempt = useAttempt()
  const [values, setValues] = useState(NOTHING)
  const [wholeDays, setWholeDays] = useState(true)
  const set = (change: Partial<typeof NOTHING>) => setValues((before) => ({ ...before, ...change }))
  const absence: Absence = wholeDays ? { ...values, fromTime: '', toTime: '' } : values
  const span = spanOf(absence, zone)
  const isBackwards = span !== undefined && span.end <= span.start
  const touched = span && !isBackwards ? visitsWithin(visits, span, now) : []

  const adding = useMutation({
    mutationFn: ({ start, end }: { start: number; end: number }) => {
      const content = {
        start: new Date(start).toISOString(),
        end: new Date(end).toISOString(),
        ...(values.reason.trim() ? { reason: values.reason.trim() } : {}),
      }
      return addTimeOff(whose, content, attempt.keyFor(content))
    },
    onSuccess: ({ affected }) => {
      attempt.settled()
      setValues(NOTHING)
      showToast(
        affected.length > 0 ? t('timeOff.addedTouching', { count: affected.length }) : t('timeOff.added'),
      )
      onAdded()
    },
    onError: (error) => {
      if (error instanceof Problem && !error.isTransient) attempt.settled()
    },
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    if (span && !isBackwards && !adding.isPending) adding.mutate(span)
  }

  return (
    <form className={styles.form} onSubmit={submit} aria-label={t('timeOff.add')}>
      <div className={styles.add}>
        <TextInput
          type="date"
          label={t('timeOff.from')}
          value={values.from}
          onChange={(event) => set({ from: event.currentTarget.value })}
        />
        {!wholeDays && (
          <TextInput
            type="time"
            label={t('timeOff.fromTime')}
            value={values.fromTime}
            onChange={(event) => set({ fromTime: event.currentTarget.value })}
          />
        )}
        <TextInput
          type="date"
          label={t('timeOff.to')}
          min={values.from}
          value={values.to || values.from}
          error={isBackwards && t('timeOff.backwards')}
          onChange={(event) => set({ to: event.currentTarget.value })}
        />
        {!wholeDays && (
          <TextInput
            type="time"
            label={t('timeOff.toTime')}
            value={values.toTime}
            onChange={(event) => set({ toTime: event.currentTarget.value })}
          />
        )}
        <TextInput
          className={styles.grow}
          label={t('timeOff.reason')}
          maxLength={200}
          value={values.reason}
          onChange={(event) => set({ reason: event.currentTarget.value })}
        />
      </div>
      <Checkbox
        label={t('timeOff.wholeDays')}
        description={wholeDays ? undefined : t('book.inZone', { zone: zoneName(zone, now) })}
        checked={wholeDays}
        onChange={(event) => setWholeDays(event.currentTarget.checked)}
      />
      <AffectedVisits
        visits={touched}
        zone={zone}
        title={t('timeOff.wouldTouch', { count: touched.length })}
      />
      {adding.error && <ErrorNote error={adding.error} />}
      <div className={styles.foot}>
        <Button
          type="submit"
          variant="default"
          loading={adding.isPending}
          aria-disabled={!span || isBackwards || undefined}
          data-disabled={!span || isBackwards || undefined}
        >
          {t('timeOff.add')}
        </Button>
      </div>
    </form>
  )
}

/** `Mon 23 – Fri 27 November 2026`; with the hours where it is not whole days. */
function wordsFor(row: TimeOff, clock: { zone: string; hours: '12' | '24' }): string {
  const day = (date: string) =>
    dateName(date, { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' })
  const isWhole = minutesOf(row.start, clock.zone) === 0 && minutesOf(row.end, clock.zone) === 0
  const from = dateOf(row.start, clock.zone)
  // Whole days end with the midnight after them.
  const to = dateOf(isWhole ? Date.parse(row.end) - 1 : row.end, clock.zone)
  if (isWhole) return from === to ? day(from) : `${day(from)} – ${day(to)}`
  const [start, end] = [timeOf(row.start, clock), timeOf(row.end, clock)]
  return from === to ? `${day(from)}, ${start} – ${end}` : `${day(from)}, ${start} – ${day(to)}, ${end}`
}
