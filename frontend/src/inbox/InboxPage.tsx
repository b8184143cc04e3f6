/** Everything this person was told, newest first. */
import { Button, Skeleton, UnstyledButton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Notification, User } from '../api/shapes'
import { useMe } from '../app/useMe'
import { dateOf, dayName, ownZone, timeOf } from '../time/clock'
import { useTimePreferences } from '../time/preferences'
import { useNow } from '../time/useNow'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon, type IconName } from '../ui/Icon'
import { PageHead } from '../ui/PageHead'
import styles from './InboxPage.module.css'
import { useInbox, useMarkRead } from './useInbox'

export function InboxPage() {
  const { t } = useTranslation()
  const { data, error, refetch } = useInbox()
  const mark = useMarkRead()
  const all = data?.notifications
  const newest = Math.max(0, ...(all?.map(({ seq }) => seq) ?? []))
  return (
    <div className={styles.page}>
      <PageHead title={t('inbox.title')} lead={data && t('inbox.unread', { count: data.unread })}>
        {data && data.unread > 0 && (
          <Button
            variant="default"
            leftSection={<Icon name="check" />}
            onClick={() => mark.mutate({ up_to: newest })}
          >
            {t('inbox.markAll')}
          </Button>
        )}
      </PageHead>
      {!all && error && <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />}
      {!all && !error && <Skeleton height={300} radius="lg" aria-busy="true" />}
      {all?.length === 0 && (
        <EmptyState icon="bell" title={t('inbox.emptyTitle')} lead={t('inbox.emptyLead')} />
      )}
      {all && all.length > 0 && (
        <ul className={styles.list} aria-label={t('inbox.title')}>
          {all.map((notification) => (
            <Line
              key={notification.id}
              notification={notification}
              onRead={() => mark.mutate({ ids: [notification.id] })}
            />
          ))}
        </ul>
      )}
    </div>
  )
}

function Line({ notification, onRead }: { notification: Notification; onRead: () => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const now = useNow()
  const { hours } = useTimePreferences()
  const clock = { zone: ownZone(), hours }
  const { title, message, read_at, created_at } = notification
  const isToday = dateOf(created_at, clock.zone) === dateOf(now, clock.zone)
  const day = isToday ? t('inbox.today') : dayName(created_at, clock.zone, 'short')
  const content = (
    <>
      <span className={styles.icon}>
        <Icon name={iconOf(notification.type)} size={20} />
      </span>
      <span className={styles.body}>
        <span className={styles.title}>
          {title}
          {!read_at && <span className={styles.new}>{t('inbox.new')}</span>}
        </span>
        <span className={styles.message}>{message}</span>
        <time className={styles.time} dateTime={created_at}>
          {day}, {timeOf(created_at, clock)}
        </time>
      </span>
    </>
  )
  return (
    <li className={styles.line} data-unread={!read_at || undefined}>
      <Subject notification={notification} me={me} onOpen={() => !read_at && onRead()}>
        {content}
      </Subject>
      {!read_at && (
        <UnstyledButton className={styles.mark} aria-label={t('inbox.markOne', { title })} onClick={onRead}>
          <Icon name="check" />
        </UnstyledButton>
      )}
    </li>
  )
}

interface SubjectProps {
  notification: Notification
  me: User
  onOpen: () => void
  children: React.ReactNode
}

/** Leads to what it is about, where this role has a page for it. */
function Subject({ notification, me, onOpen, children }: SubjectProps) {
  const { subject } = notification
  const link = { className: styles.subject, onClick: onOpen, children }
  if (subject?.kind === 'record' && (me.role === 'PATIENT' || me.role === 'DOCTOR')) {
    return <Link to="/records/$recordId" params={{ recordId: String(subject.id) }} {...link} />
  }
  if (subject?.kind === 'patient' && me.role === 'DOCTOR') {
    return <Link to="/my-patients/$patientId" params={{ patientId: String(subject.id) }} {...link} />
  }
  if (subject?.kind === 'patient' && me.role === 'PATIENT') return <Link to="/records" {...link} />
  if (subject?.kind === 'appointment' && me.role === 'PATIENT') {
    return <Link to="/appointments/$appointmentId" params={{ appointmentId: String(subject.id) }} {...link} />
  }
  return <div className={styles.subject}>{children}</div>
}

function iconOf(type: string): IconName {
  if (type.startsWith('appointment.cancelled')) return 'minus'
  if (type.startsWith('appointment.')) return 'calendar'
  if (type.startsWith('doctor.')) return 'shield'
  if (type.startsWith('record.') || type.startsWith('annotation.')) return 'note'
  return 'bell'
}
