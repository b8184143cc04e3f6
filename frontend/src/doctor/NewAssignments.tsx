/** Patients who are newly this doctor's: each slides in, with why, and stays until it was looked at. */
import { UnstyledButton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useLayoutEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Notification } from '../api/shapes'
import { useMe } from '../app/useMe'
import { useInbox, useMarkRead } from '../inbox/useInbox'
import { dateOf, dayName, timeOf } from '../time/clock'
import { useClock } from '../time/useClock'
import { useNow } from '../time/useNow'
import { announce } from '../ui/announcements'
import { Card } from '../ui/Card'
import { Icon } from '../ui/Icon'
import styles from './NewAssignments.module.css'

const SHOWN = 4

export function NewAssignments() {
  const { t } = useTranslation()
  const { data } = useInbox()
  const mark = useMarkRead()
  const all = useMemo(
    () => data?.notifications.filter(({ type, read_at }) => type === 'doctor.assigned' && !read_at),
    [data?.notifications],
  )
  const fresh = useFresh(all)
  if (!all) return null
  return (
    <Card data-testid="new-assignments">
      <h2 className={styles.title}>{t('day.assignments')}</h2>
      {all.length === 0 && <p className={styles.nothing}>{t('day.noAssignments')}</p>}
      {all.length > 0 && (
        <ul className={styles.lines} aria-label={t('day.assignments')}>
          {all.slice(0, SHOWN).map((line) => (
            <Line
              key={line.id}
              line={line}
              isFresh={fresh.has(line.id)}
              onSeen={() => mark.mutate({ ids: [line.id] })}
            />
          ))}
        </ul>
      )}
      {all.length > SHOWN && (
        <Link to="/inbox" className={styles.more}>
          {t('day.moreAssignments', { count: all.length - SHOWN })}
        </Link>
      )}
    </Card>
  )
}

/** Ids of those that came after the page was opened. Told before the eye sees them, so that each slides in. */
function useFresh(all: readonly Notification[] | undefined): ReadonlySet<number> {
  const known = useRef<ReadonlySet<number>>(undefined)
  const [fresh, setFresh] = useState<ReadonlySet<number>>(new Set())
  useLayoutEffect(() => {
    if (!all) return
    const arrived = all.filter(({ id }) => known.current && !known.current.has(id))
    known.current = new Set([...(known.current ?? []), ...all.map(({ id }) => id)])
    if (arrived.length === 0) return
    for (const { title, message } of arrived) announce(`${title}: ${message}`)
    setFresh((before) => new Set([...before, ...arrived.map(({ id }) => id)]))
  }, [all])
  return fresh
}

interface LineProps {
  line: Notification
  isFresh: boolean
  onSeen: () => void
}

function Line({ line, isFresh, onSeen }: LineProps) {
  const { t } = useTranslation()
  const clock = useClock(useMe().time_zone)
  const isToday = dateOf(line.created_at, clock.zone) === dateOf(useNow(), clock.zone)
  const { subject, message, created_at } = line
  const link = {
    className: styles.subject,
    onClick: onSeen,
    children: (
      <>
        <span className={styles.message}>{message}</span>
        <time className={styles.time} dateTime={created_at}>
          {isToday ? t('inbox.today') : dayName(created_at, clock.zone, 'short')}, {timeOf(created_at, clock)}
        </time>
      </>
    ),
  }
  return (
    <li className={styles.line} data-fresh={isFresh || undefined}>
      {subject.kind === 'record' ? (
        <Link to="/records/$recordId" params={{ recordId: String(subject.id) }} {...link} />
      ) : (
        <Link to="/my-patients/$patientId" params={{ patientId: String(subject.id) }} {...link} />
      )}
      <UnstyledButton
        className={styles.seen}
        aria-label={t('day.assignmentSeen', { what: message })}
        onClick={onSeen}
      >
        <Icon name="check" />
      </UnstyledButton>
    </li>
  )
}
