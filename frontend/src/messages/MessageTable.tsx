/** The messages, one line each; on a narrow screen one card each. */
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { retryMessage } from '../api/messages'
import { Problem } from '../api/problem'
import type { MessageLine } from '../api/shapes'
import en from '../i18n/en.json'
import { useClinic } from '../settings/useClinic'
import { type Clock, dateOf, dayName, timeOf } from '../time/clock'
import { useClock } from '../time/useClock'
import { useNow } from '../time/useNow'
import { showToast } from '../ui/announcements'
import { useAttempt } from '../ui/attempt'
import { Icon, type IconName } from '../ui/Icon'
import { leadNames } from '../ui/LeadTimes'
import { problemWords } from '../ui/problemWords'
import { messagesKey } from './MessagesPage'
import styles from './MessagesPage.module.css'
import type { MessageSearch } from './search'

type Kind = keyof typeof en.messages.kinds
type Reason = keyof typeof en.messages.reasons

// As the service counts what is late.
const LATE_MS = 300_000
const icons: Record<MessageLine['state'], IconName> = {
  due: 'clock',
  sent: 'check',
  skipped: 'minus',
  failed: 'alert',
}

export function MessageTable({ list, search }: { list: MessageLine[]; search: MessageSearch }) {
  const { t } = useTranslation()
  const order = t(search.state === 'due' ? 'messages.soonest' : 'messages.newest')
  return (
    <div className={styles.frame}>
      <table className={styles.table} data-testid="messages">
        <caption className="visually-hidden">{t('messages.caption', { order })}</caption>
        <thead>
          <tr>
            <th scope="col">{t('messages.what')}</th>
            <th scope="col">{t('messages.who')}</th>
            <th scope="col">{t('messages.way')}</th>
            <th scope="col">{t('messages.when')}</th>
            <th scope="col">{t('messages.how')}</th>
            <th scope="col">
              <span className="visually-hidden">{t('messages.do')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((line) => (
            <Row key={`${line.source}.${line.id}`} line={line} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ line }: { line: MessageLine }) {
  const { t } = useTranslation()
  const now = useNow()
  const clock = useClock(useClinic().data?.time_zone ?? 'UTC')
  const isLate = line.state === 'due' && Date.parse(line.due_at) < now - LATE_MS
  return (
    <tr>
      <th scope="row" className={styles.what}>
        {whatOf(line, t)}
        {line.visit && (
          <span className={styles.soft}>
            {t('messages.visit', {
              day: dayName(line.visit.start, line.visit.time_zone, 'short'),
              time: timeOf(line.visit.start, { ...clock, zone: line.visit.time_zone }),
            })}
          </span>
        )}
      </th>
      <td className={styles.who}>
        {line.person ? (
          <Link
            to="/messages"
            search={{ patient: line.person.id }}
            aria-label={t('messages.open', { name: line.person.name })}
          >
            {line.person.name}
          </Link>
        ) : (
          t('messages.nobody')
        )}
        {line.address && <span className={styles.soft}>{line.address}</span>}
      </td>
      <td className={styles.way}>{t(`messages.channels.${line.channel}`)}</td>
      <td className={styles.when}>{momentOf(line.ended_at ?? line.due_at, clock, now)}</td>
      <td className={styles.how}>
        <span className={styles.badge} data-state={line.state} data-late={isLate || undefined}>
          <Icon name={isLate ? 'alert' : icons[line.state]} size={14} />
          {t(`messages.states.${line.state}`)}
          {isLate && `, ${t('messages.late')}`}
        </span>
        <Why line={line} />
      </td>
      <td className={styles.do}>{line.can_retry && <Retry line={line} />}</td>
    </tr>
  )
}

function Why({ line: { reason, attempts } }: { line: MessageLine }) {
  const { t } = useTranslation()
  const words = [
    reason && reasonOf(reason, t),
    // One is what it takes; more of them say something.
    attempts > 1 && t('messages.attempts', { count: attempts }),
  ].filter(Boolean)
  return words.length > 0 ? <span className={styles.soft}>{words.join(' · ')}</span> : null
}

function Retry({ line }: { line: MessageLine }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const attempt = useAttempt()
  const named = { what: whatOf(line, t), name: line.person?.name ?? line.address }
  const retrying = useMutation({
    mutationFn: () => retryMessage(line.id, attempt.keyFor(line.id)),
    onSuccess: () => showToast(t('messages.retried', named)),
    onError: (error) => showToast(problemWords(error, t), 'bad'),
    onSettled: (_, error) => {
      if (!(error instanceof Problem && error.isTransient)) attempt.settled()
      return client.invalidateQueries({ queryKey: messagesKey })
    },
  })
  return (
    <Button
      variant="default"
      size="compact-sm"
      aria-label={t('messages.retryOf', named)}
      loading={retrying.isPending}
      onClick={() => retrying.mutate()}
    >
      {t('messages.retry')}
    </Button>
  )
}

function whatOf({ kind, lead }: MessageLine, t: TFunction): string {
  const name = kind in en.messages.kinds ? t(`messages.kinds.${kind as Kind}`) : kind
  return lead ? `${name}, ${leadNames([lead], t)}` : name
}

function reasonOf(code: string, t: TFunction): string {
  if (code in en.messages.reasons) return t(`messages.reasons.${code as Reason}`)
  return t('messages.reasons.other', { code })
}

function momentOf(at: string, clock: Clock, now: number): string {
  const time = timeOf(at, clock)
  if (dateOf(at, clock.zone) === dateOf(now, clock.zone)) return time
  return `${dayName(at, clock.zone, 'short')}, ${time}`
}
