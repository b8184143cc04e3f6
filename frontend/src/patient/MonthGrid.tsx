/** A month of days, of which those with free times can be chosen. */
import { UnstyledButton } from '@mantine/core'
import { type KeyboardEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addDays, dateName, noonOf } from '../time/clock'
import { Icon } from '../ui/Icon'
import styles from './MonthGrid.module.css'

interface Props {
  /** The first and the last day that are known. */
  from: string
  to: string
  /** How many free times each day has; days without any are left out. */
  free: ReadonlyMap<string, number>
  chosen: string | undefined
  onChoose: (date: string) => void
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }

export function MonthGrid({ from, to, free, chosen, onChoose }: Props) {
  const { t } = useTranslation()
  const grid = useRef<HTMLTableElement>(null)
  const [turned, setTurned] = useState<string>()
  const month = turned ?? monthOf(chosen ?? from)
  const weeks = weeksOf(month)
  const days = weeks.flat()
  // One stop for the Tab key; arrows move inside.
  const stop = days.find((date) => date === chosen) ?? days.find((date) => inMonth(date) && free.has(date))

  function inMonth(date: string) {
    return monthOf(date) === month
  }

  function turn(months: number) {
    setTurned(monthOf(addDays(months > 0 ? `${month}-28` : `${month}-01`, months > 0 ? 5 : -1)))
  }

  function move(event: KeyboardEvent<HTMLButtonElement>, date: string) {
    const step = STEPS[event.key]
    if (!step) return
    event.preventDefault()
    for (let next = addDays(date, step); next >= from && next <= to; next = addDays(next, step)) {
      if (!free.has(next)) continue
      if (!inMonth(next)) setTurned(monthOf(next))
      // The month may have to be drawn first.
      requestAnimationFrame(() => grid.current?.querySelector<HTMLElement>(`[data-date="${next}"]`)?.focus())
      return
    }
  }

  return (
    <div>
      <div className={styles.head}>
        <h2 className={styles.month} aria-live="polite">
          {dateName(`${month}-01`, { month: 'long', year: 'numeric' })}
        </h2>
        <div className={styles.turns}>
          <UnstyledButton
            className={styles.turn}
            aria-label={t('book.previousMonth')}
            disabled={month <= monthOf(from)}
            onClick={() => turn(-1)}
          >
            <Icon name="chevronLeft" />
          </UnstyledButton>
          <UnstyledButton
            className={styles.turn}
            aria-label={t('book.nextMonth')}
            disabled={month >= monthOf(to)}
            onClick={() => turn(1)}
          >
            <Icon name="chevronRight" />
          </UnstyledButton>
        </div>
      </div>
      <table ref={grid} className={styles.grid} aria-label={t('book.pickDay')}>
        <thead>
          <tr>
            {weeks[0]?.map((date) => (
              <th key={date} scope="col" abbr={dateName(date, { weekday: 'long' })}>
                {dateName(date, { weekday: 'short' })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((date) => {
                if (!inMonth(date)) return <td key={date} />
                const count = free.get(date) ?? 0
                const day = dateName(date, { weekday: 'long', day: 'numeric', month: 'long' })
                const label = count > 0 ? t('book.dayFree', { day, count }) : t('book.dayFull', { day })
                return (
                  <td key={date}>
                    <UnstyledButton
                      className={styles.day}
                      data-date={date}
                      data-today={date === from || undefined}
                      aria-label={label}
                      aria-pressed={date === chosen}
                      // Not `disabled`: a day that fills up while it has the focus must not lose it.
                      aria-disabled={count === 0}
                      tabIndex={date === stop ? 0 : -1}
                      onClick={() => count > 0 && onChoose(date)}
                      onKeyDown={(event) => move(event, date)}
                    >
                      {dateName(date, { day: 'numeric' })}
                    </UnstyledButton>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function monthOf(date: string): string {
  return date.slice(0, 7)
}

/** Whole weeks from Monday that cover the month. */
function weeksOf(month: string): string[][] {
  const first = `${month}-01`
  const monday = addDays(first, -((noonOf(first).getUTCDay() + 6) % 7))
  const weeks: string[][] = []
  for (let start = monday; weeks.length === 0 || monthOf(start) === month; start = addDays(start, 7)) {
    weeks.push([0, 1, 2, 3, 4, 5, 6].map((day) => addDays(start, day)))
  }
  return weeks
}
