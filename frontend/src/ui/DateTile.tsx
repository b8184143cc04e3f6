/** A date as a small calendar leaf. */
import { dateName } from '../time/clock'
import styles from './DateTile.module.css'

interface Props {
  date: string
  tone?: 'brand' | 'plain'
}

export function DateTile({ date, tone = 'plain' }: Props) {
  return (
    <>
      <span className={styles.tile} data-tone={tone} aria-hidden="true">
        <span className={styles.month}>{dateName(date, { month: 'short' })}</span>
        <span className={styles.day}>{dateName(date, { day: 'numeric' })}</span>
        <span className={styles.weekday}>{dateName(date, { weekday: 'short' })}</span>
      </span>
      <span className="visually-hidden">
        {dateName(date, { weekday: 'long', day: 'numeric', month: 'long' })}
      </span>
    </>
  )
}
