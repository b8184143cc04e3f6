/** The free times of one day, morning and afternoon. */
import { UnstyledButton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Slot } from '../api/shapes'
import { type Clock, minutesOf, timeOf } from '../time/clock'
import { announce } from '../ui/announcements'
import styles from './SlotTimes.module.css'
import { type ShownSlot, useLeavingSlots } from './useLeavingSlots'

interface Props {
  slots: Slot[]
  /** The doctor's zone groups the times; the clock shows them. */
  zone: string
  clock: Clock
  chosen: string | undefined
  onChoose: (slot: Slot) => void
}

const NOON = 12 * 60

export function SlotTimes({ slots, zone, clock, chosen, onChoose }: Props) {
  const { t } = useTranslation()
  const shown = useLeavingSlots(slots, (slot) =>
    announce(t('book.tookAnnounce', { time: timeOf(slot.start, clock) })),
  )
  if (shown.length === 0) return <p className={styles.empty}>{t('book.dayEmpty')}</p>
  const isMorning = ({ slot }: ShownSlot) => minutesOf(slot.start, zone) < NOON
  // Shown in another zone, half past seven may be in the clinic's afternoon: it is said whose afternoon it is.
  const atClinic = clock.zone === zone ? '' : ` · ${t('book.clinicZone')}`
  const groups = [
    { name: t('book.morning') + atClinic, times: shown.filter(isMorning) },
    { name: t('book.afternoon') + atClinic, times: shown.filter((each) => !isMorning(each)) },
  ]
  return (
    <div className={styles.groups}>
      {groups.map(
        ({ name, times }) =>
          times.length > 0 && (
            <fieldset key={name} className={styles.group}>
              <legend>{name}</legend>
              <div className={styles.times}>
                {times.map((each) => (
                  <Time key={each.slot.start} {...each} clock={clock} chosen={chosen} onChoose={onChoose} />
                ))}
              </div>
            </fieldset>
          ),
      )}
    </div>
  )
}

type TimeProps = ShownSlot & Pick<Props, 'clock' | 'chosen' | 'onChoose'>

function Time({ slot, free, clock, chosen, onChoose }: TimeProps) {
  const { t } = useTranslation()
  const time = timeOf(slot.start, clock)
  return (
    <UnstyledButton
      className={styles.time}
      data-start={slot.start}
      data-state={free ? 'free' : 'taken'}
      aria-pressed={free && slot.start === chosen}
      aria-disabled={!free}
      onClick={() => free && onChoose(slot)}
    >
      <span className={styles.clock}>{time}</span>
      {!free && <span className={styles.gone}>{t('book.taken')}</span>}
    </UnstyledButton>
  )
}
