/** Where this person is signed in, and signing out there. */
import { Button, Skeleton } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { endSession, loadSessions } from '../api/account'
import { Problem } from '../api/problem'
import type { SignedIn } from '../api/shapes'
import { session } from '../auth/session'
import styles from '../settings/forms.module.css'
import { useClinic } from '../settings/useClinic'
import { dateName, dateOf, timeOf } from '../time/clock'
import { useClock } from '../time/useClock'
import { showToast } from '../ui/announcements'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import own from './account.module.css'

export const sessionsKey = ['sessions']

export function SessionList() {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery({
    queryKey: sessionsKey,
    queryFn: loadSessions,
    refetchOnWindowFocus: true,
    staleTime: 0,
  })
  if (!data && error) {
    return <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
  }
  if (!data) return <Skeleton height={110} radius="md" aria-busy="true" />
  return (
    <ul className={styles.list} aria-label={t('profile.sessions')}>
      {data.map((each) => (
        <Device key={each.id} of={each} />
      ))}
    </ul>
  )
}

function Device({ of }: { of: SignedIn }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const seen = useSeen(of.last_seen_at)
  const ending = useMutation({
    mutationFn: () => endSession(of.id),
    onSuccess: () => showToast(t('profile.signedOut', { device: of.device })),
    // Whatever happened to it, the list says how it stands.
    onSettled: () => client.invalidateQueries({ queryKey: sessionsKey }),
  })
  const isGone = ending.error instanceof Problem && ending.error.status === 404
  return (
    <li>
      <span className={styles.grow}>
        <span className={styles.strong}>{of.device}</span>
        {of.current && (
          <span className={`${own.mark} ${own.here}`} data-good>
            <Icon name="check" size={16} />
            {t('profile.here')}
          </span>
        )}
        <br />
        <span className={styles.soft}>{seen}</span>
      </span>
      {of.current ? (
        <Button
          variant="default"
          size="compact-sm"
          aria-label={t('profile.signOutHere')}
          onClick={() => void session.signOut()}
        >
          {t('account.signOut')}
        </Button>
      ) : (
        <Button
          variant="default"
          size="compact-sm"
          aria-label={t('profile.signOutOf', { device: of.device })}
          loading={ending.isPending}
          onClick={() => ending.mutate()}
        >
          {t('account.signOut')}
        </Button>
      )}
      {ending.error && !isGone && (
        <div style={{ flexBasis: '100%' }}>
          <ErrorNote error={ending.error} />
        </div>
      )}
    </li>
  )
}

function useSeen(at: string): string {
  const { t } = useTranslation()
  const clock = useClock(useClinic().data?.time_zone ?? 'UTC')
  const day = dateOf(at, clock.zone)
  const time = timeOf(at, clock)
  if (day === dateOf(Date.now(), clock.zone)) return t('profile.seenToday', { time })
  return t('profile.seenOn', { day: dateName(day, { day: 'numeric', month: 'long' }), time })
}
