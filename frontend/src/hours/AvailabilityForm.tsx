/** A doctor's week, how long a visit takes, and what that does to visits already booked. */
import { Button, NumberInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import { saveAvailability, type Whose } from '../api/schedules'
import type { Appointment, Availability } from '../api/shapes'
import formStyles from '../settings/forms.module.css'
import { useNow } from '../time/useNow'
import { ErrorNote } from '../ui/ErrorNote'
import { ZoneSelect } from '../ui/ZoneSelect'
import { AffectedVisits } from './AffectedVisits'
import styles from './AvailabilityForm.module.css'
import { WeekEditor } from './WeekEditor'
import {
  availableDays,
  DAYS,
  type Day,
  type Hours,
  hoursOf,
  isEmpty,
  isSound,
  totals,
  usualWeek,
  visitsOutside,
} from './week'

interface Props {
  whose: Whose
  availability: Availability
  /** What is booked with this doctor. */
  visits: Appointment[]
  submit: string
  /** Begin with a usual week where there are no hours yet. */
  suggest?: boolean
  onSaved: (availability: Availability) => void
}

const SHORTEST = 5
const LONGEST = 480
/** The fields of a row stand side by side, whatever is said of each. */
const HINT_BELOW: ('label' | 'input' | 'description' | 'error')[] = ['label', 'input', 'description', 'error']

export function AvailabilityForm({ whose, availability, visits, submit, suggest, onSaved }: Props) {
  const { t } = useTranslation()
  const now = useNow()
  const [saved, setSaved] = useState(availability)
  const [hours, setHours] = useState<Hours>(() => {
    const read = hoursOf(availability)
    return suggest && isEmpty(read.week) ? { ...read, week: usualWeek() } : read
  })
  const [asked, setAsked] = useState(false)
  const change = (part: Partial<Hours>) => setHours((before) => ({ ...before, ...part }))

  const isChanged = JSON.stringify(hoursOf(saved)) !== JSON.stringify(hours)
  // Another window or an admin set other hours: what is shown follows, unless something was typed here.
  if (saved !== availability) {
    setSaved(availability)
    if (!isChanged) setHours(hoursOf(availability))
  }

  const saving = useMutation({
    mutationFn: () =>
      saveAvailability(whose, {
        available_days: availableDays(hours.week),
        appointment_duration: Number(hours.duration),
        max_patients_per_day: hours.mostPerDay === '' ? null : hours.mostPerDay,
        time_zone: hours.zone,
      }),
    onSuccess: (answer) => {
      setSaved(answer)
      setHours(hoursOf(answer))
      setAsked(false)
      onSaved(answer)
    },
  })

  const problem = saving.error instanceof Problem ? saving.error : undefined
  const days = daysRefused(problem)
  const isDurationSound = hours.duration !== '' && hours.duration >= SHORTEST && hours.duration <= LONGEST
  const { minutes, visits: fit } = totals(hours.week, hours.duration, hours.mostPerDay)
  const outside = visitsOutside(visits, hours, now)

  function submitHours(event: FormEvent) {
    event.preventDefault()
    setAsked(true)
    if (saving.isPending || !isSound(hours.week) || !isDurationSound) return
    saving.mutate()
  }

  return (
    <form onSubmit={submitHours} className={formStyles.form} aria-label={t('hours.title')} noValidate>
      <WeekEditor
        week={hours.week}
        refused={days}
        onChange={(week) => {
          saving.reset()
          change({ week })
        }}
      />
      <div className={styles.numbers}>
        <NumberInput
          label={t('hours.duration')}
          description={t('hours.durationHint')}
          inputWrapperOrder={HINT_BELOW}
          min={SHORTEST}
          max={LONGEST}
          step={5}
          allowDecimal={false}
          value={hours.duration}
          error={
            problem?.field('appointment_duration') ?? (asked && !isDurationSound && t('hours.durationFault'))
          }
          onChange={(value) => change({ duration: value === '' ? '' : Number(value) })}
        />
        <NumberInput
          label={t('hours.most')}
          description={t('hours.mostHint')}
          inputWrapperOrder={HINT_BELOW}
          placeholder={t('hours.noLimit')}
          min={1}
          max={1000}
          allowDecimal={false}
          value={hours.mostPerDay}
          error={problem?.field('max_patients_per_day')}
          onChange={(value) => change({ mostPerDay: value === '' ? '' : Number(value) })}
        />
        <ZoneSelect
          label={t('hours.zone')}
          value={hours.zone}
          onChange={(zone) => change({ zone })}
          error={problem?.field('time_zone')}
        />
      </div>
      <p className={styles.total} data-testid="hours-total">
        {isEmpty(hours.week)
          ? t('hours.noneYet')
          : `${t('hours.perWeek', { count: Math.round((minutes / 60) * 10) / 10 })} · ${t('hours.visitsPerWeek', { count: fit })}`}
      </p>
      {isChanged && (
        <AffectedVisits
          visits={outside}
          zone={hours.zone}
          title={t('hours.outside', { count: outside.length })}
        />
      )}
      {saving.error && Object.keys(days).length === 0 && <ErrorNote error={saving.error} />}
      <div className={formStyles.foot}>
        <Button
          type="submit"
          loading={saving.isPending}
          aria-disabled={(!isChanged && !suggest) || undefined}
          data-disabled={(!isChanged && !suggest) || undefined}
        >
          {submit}
        </Button>
        {isChanged && !suggest && (
          <Button variant="subtle" onClick={() => setHours(hoursOf(saved))}>
            {t('hours.undo')}
          </Button>
        )}
      </div>
    </form>
  )
}

/** `available_days.MONDAY.windows`: the day is the second part of the name. */
function daysRefused(problem: Problem | undefined): Partial<Record<Day, string>> {
  const told = (problem?.fields ?? []).map(({ field, detail }) => [field.split('.')[1], detail] as const)
  return Object.fromEntries(told.filter(([day]) => DAYS.includes(day as Day)))
}
