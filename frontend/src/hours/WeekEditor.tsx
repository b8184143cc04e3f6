/** The weekly windows of a doctor: several a day, with what is wrong beside them. */
import { ActionIcon, Button, Checkbox, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { dateName } from '../time/clock'
import { Icon } from '../ui/Icon'
import styles from './WeekEditor.module.css'
import { DAYS, type Day, faultsOf, nextWindow, USUAL_DAY, type Week, type Window } from './week'

interface Props {
  week: Week
  onChange: (week: Week) => void
  /** What the service says of single days. */
  refused?: Partial<Record<Day, string>>
}

/** A Monday, to name the weekdays by. */
const FIRST_MONDAY = '2024-01-0'

export function nameOfDay(day: Day, form: 'long' | 'short' = 'long'): string {
  return dateName(`${FIRST_MONDAY}${DAYS.indexOf(day) + 1}`, { weekday: form })
}

export function WeekEditor({ week, onChange, refused = {} }: Props) {
  const { t } = useTranslation()
  const monday = week.MONDAY
  const toWeekdays = () =>
    onChange({
      ...week,
      ...Object.fromEntries(DAYS.slice(1, 5).map((day) => [day, monday.map((window) => ({ ...window }))])),
    })
  return (
    <div>
      <ul className={styles.days}>
        {DAYS.map((day) => (
          <DayRow
            key={day}
            day={day}
            windows={week[day]}
            refused={refused[day]}
            onChange={(windows) => onChange({ ...week, [day]: windows })}
          />
        ))}
      </ul>
      {monday.length > 0 && (
        <Button variant="default" size="compact-sm" mt={12} onClick={toWeekdays}>
          {t('hours.copy')}
        </Button>
      )}
    </div>
  )
}

interface DayProps {
  day: Day
  windows: Window[]
  refused: string | undefined
  onChange: (windows: Window[]) => void
}

function DayRow({ day, windows, refused, onChange }: DayProps) {
  const { t } = useTranslation()
  const name = nameOfDay(day)
  const faults = faultsOf(windows)
  const fault = faults.find((each) => each !== undefined)
  const put = (place: number, change: Partial<Window>) =>
    onChange(windows.map((window, each) => (each === place ? { ...window, ...change } : window)))
  const problem = refused ?? (fault && t(`hours.fault.${fault}`))
  return (
    <li className={styles.day} data-off={windows.length === 0 || undefined} data-testid={`day-${day}`}>
      <Checkbox
        className={styles.name}
        label={name}
        checked={windows.length > 0}
        onChange={(event) => onChange(event.currentTarget.checked ? [...USUAL_DAY] : [])}
      />
      <div className={styles.windows}>
        {windows.length === 0 && <span className={styles.off}>{t('hours.off')}</span>}
        {windows.map((window, place) => (
          // Windows have no identity of their own: their place is what the fields belong to.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <div key={place} className={styles.window}>
            <TextInput
              type="time"
              aria-label={t('hours.from', { day: name, place: place + 1 })}
              value={window.start}
              error={faults[place] !== undefined}
              onChange={(event) => put(place, { start: event.currentTarget.value })}
            />
            <span aria-hidden="true">–</span>
            <TextInput
              type="time"
              aria-label={t('hours.to', { day: name, place: place + 1 })}
              value={window.end}
              error={faults[place] !== undefined}
              onChange={(event) => put(place, { end: event.currentTarget.value })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t('hours.remove', { day: name, place: place + 1 })}
              onClick={() => onChange(windows.filter((_, each) => each !== place))}
            >
              <Icon name="close" />
            </ActionIcon>
          </div>
        ))}
        {problem && (
          <p role="alert" className={styles.fault}>
            {problem}
          </p>
        )}
      </div>
      {windows.length > 0 && (
        <ActionIcon
          className={styles.more}
          variant="subtle"
          size="lg"
          title={t('hours.addTo', { day: name })}
          aria-label={t('hours.addTo', { day: name })}
          onClick={() => onChange([...windows, nextWindow(windows)])}
        >
          <Icon name="plus" />
        </ActionIcon>
      )}
    </li>
  )
}
