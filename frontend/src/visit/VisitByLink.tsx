/** Where the buttons of a visit's mail lead: the visit, and the one thing that the button said. */
import { Button, Skeleton } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import type { VisitOfLink } from '../api/shapes'
import { visitByLink } from '../api/visitLinks'
import { Cover } from '../auth/Cover'
import { Told } from '../auth/Told'
import { useLinkToken } from '../auth/useLinkToken'
import { dayName, timeOf, zoneName } from '../time/clock'
import { useClock } from '../time/useClock'
import { ErrorNote } from '../ui/ErrorNote'
import styles from './VisitByLink.module.css'

type State = 'asking' | 'dead' | 'moved' | 'cancelled' | 'confirmed' | 'confirm' | 'cancel'

export function VisitByLink() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const token = useLinkToken()
  const shown = ['visit-by-link', token]
  const look = useQuery({
    queryKey: shown,
    queryFn: () => visitByLink(token, 'show'),
    // Asked again only where it is said so: what the button has done must not turn into a refusal by itself.
    staleTime: 'static',
    retry: false,
    enabled: token !== '',
  })
  const act = useMutation({
    mutationFn: (visit: VisitOfLink) => visitByLink(token, visit.act),
    onSuccess: (visit) => client.setQueryData(shown, visit),
    // What stood in the way is how the visit stands now.
    onError: () => void look.refetch(),
  })
  const visit = look.error ? undefined : look.data
  const state = stateOf(token, visit, look.error)
  const isOpen = state === 'confirm' || state === 'cancel'
  const trouble = state === 'asking' ? look.error : isOpen ? act.error : null
  return (
    <Cover title={t(`visitLink.${state}`)} lead={t(`visitLink.${state}Lead`)}>
      {state === 'asking' && !look.error && <Skeleton height={120} radius="md" aria-busy="true" />}
      {visit && <When visit={visit} />}
      {act.isSuccess && (
        <div className={styles.told}>
          <Told>{t('visitLink.told')}</Told>
        </div>
      )}
      {trouble && <ErrorNote error={trouble} onRetry={look.error ? () => void look.refetch() : undefined} />}
      {visit && isOpen && (
        <Button
          size="lg"
          mt="lg"
          fullWidth
          className={state === 'cancel' ? 'danger' : undefined}
          loading={act.isPending}
          onClick={() => act.mutate(visit)}
        >
          {t(`visitLink.${state}Button`)}
        </Button>
      )}
      {state !== 'asking' && (
        <p className={styles.other}>
          <Link to="/">{t('visitLink.go')}</Link>
        </p>
      )}
    </Cover>
  )
}

function stateOf(token: string, visit: VisitOfLink | undefined, error: Error | null): State {
  if (!token) return 'dead'
  if (error instanceof Problem) {
    if (error.code === 'visit_cancelled') return 'cancelled'
    if (error.code === 'visit_moved') return 'moved'
    if (error.field('token') !== undefined) return 'dead'
  }
  if (!visit) return 'asking'
  if (visit.status === 'CANCELLED') return 'cancelled'
  return visit.act === 'confirm' && visit.confirmed_at ? 'confirmed' : visit.act
}

function When({ visit }: { visit: VisitOfLink }) {
  const clock = useClock(visit.time_zone)
  return (
    <div className={styles.when}>
      <p className={styles.day}>{dayName(visit.start, clock.zone)}</p>
      <p className={styles.time}>
        {timeOf(visit.start, clock)} – {timeOf(visit.end, clock)}
      </p>
      <p className={styles.where}>
        {zoneName(clock.zone, visit.start)} · {visit.clinic}
      </p>
    </div>
  )
}
