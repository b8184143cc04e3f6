/** What was sent to whom, what is still to go and what could not be sent: for the front desk. */
import { Button, Select, Skeleton } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { loadMessages } from '../api/messages'
import type { MessageList } from '../api/shapes'
import { useClinic } from '../settings/useClinic'
import { timeOf } from '../time/clock'
import { useClock } from '../time/useClock'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon, type IconName } from '../ui/Icon'
import { PageHead } from '../ui/PageHead'
import styles from './MessagesPage.module.css'
import { MessageTable } from './MessageTable'
import { CHANNELS, KINDS, type MessageSearch, STATES } from './search'

export const messagesKey = ['messages']
const EVERY_MS = 15_000

export function MessagesPage() {
  const { t } = useTranslation()
  const search = useSearch({ from: '/inside/messages' })
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: [...messagesKey, search],
    queryFn: ({ signal }) => loadMessages(search, signal),
    placeholderData: keepPreviousData,
    staleTime: 0,
    // A window nobody looks at asks for nothing.
    refetchInterval: EVERY_MS,
    refetchOnWindowFocus: true,
  })
  const isFiltered = Object.values(search).some((value) => value !== undefined)
  return (
    <>
      <PageHead title={t('messages.title')} lead={t('messages.lead')} />
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Skeleton height={460} radius="lg" aria-busy="true" />}
      {data && (
        <>
          <Counts counts={data.counts} />
          <Filters search={search} list={data} />
          {data.messages.length > 0 && <MessageTable list={data.messages} search={search} />}
          {data.messages.length === 0 && (
            <EmptyState
              icon="mail"
              title={t(isFiltered ? 'messages.filteredTitle' : 'messages.emptyTitle')}
              lead={t(isFiltered ? 'messages.filteredLead' : 'messages.emptyLead')}
            >
              {isFiltered && (
                <Button variant="default" renderRoot={(props) => <Link to="/messages" {...props} />}>
                  {t('messages.clear')}
                </Button>
              )}
            </EmptyState>
          )}
          <Pages search={search} next={data.next} />
          <Loaded at={dataUpdatedAt} isStale={error !== null} />
        </>
      )}
    </>
  )
}

interface Count {
  name: 'due' | 'overdue' | 'sent' | 'skipped' | 'failed'
  many: number
  state: MessageSearch['state']
  icon: IconName
  isBad?: boolean
}

function Counts({ counts }: { counts: MessageList['counts'] }) {
  const { t } = useTranslation()
  const all: Count[] = [
    { name: 'due', many: counts.due, state: 'due', icon: 'clock' },
    { name: 'overdue', many: counts.overdue, state: 'due', icon: 'alert', isBad: counts.overdue > 0 },
    { name: 'sent', many: counts.sent_today, state: 'sent', icon: 'check' },
    { name: 'skipped', many: counts.skipped_today, state: 'skipped', icon: 'minus' },
    { name: 'failed', many: counts.failed, state: 'failed', icon: 'alert', isBad: counts.failed > 0 },
  ]
  return (
    <nav aria-label={t('messages.counts')}>
      <ul className={styles.counts}>
        {all.map(({ name, many, state, icon, isBad }) => (
          <li key={name}>
            <Link to="/messages" search={{ state }} className={styles.count} data-bad={isBad || undefined}>
              <span className={styles.many}>{many}</span>
              <span className={styles.of}>
                <Icon name={icon} size={16} />
                {t(`messages.count.${name}`)}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function Filters({ search, list }: { search: MessageSearch; list: MessageList }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: '/messages' })
  // Another question begins at its first page.
  const set = (change: MessageSearch) =>
    void navigate({ search: { ...search, cursor: undefined, ...change }, replace: true })
  const theirs = list.messages.find(({ person }) => person?.id === search.patient)?.person?.name
  return (
    <div role="group" aria-label={t('messages.filters')} className={styles.filters}>
      <Select
        label={t('messages.state')}
        placeholder={t('messages.all')}
        clearable
        data={STATES.map((value) => ({ value, label: t(`messages.states.${value}`) }))}
        value={search.state ?? null}
        onChange={(state) => set({ state: STATES.find((each) => each === state) })}
      />
      <Select
        label={t('messages.channel')}
        placeholder={t('messages.all')}
        clearable
        data={CHANNELS.map((value) => ({ value, label: t(`messages.channels.${value}`) }))}
        value={search.channel ?? null}
        onChange={(channel) => set({ channel: CHANNELS.find((each) => each === channel) })}
      />
      <Select
        label={t('messages.kind')}
        placeholder={t('messages.all')}
        clearable
        searchable
        data={KINDS.map((value) => ({ value, label: t(`messages.kinds.${value}`) }))}
        value={search.kind ?? null}
        onChange={(kind) => set({ kind: KINDS.find((each) => each === kind) })}
      />
      {search.patient && (
        <Button
          variant="default"
          rightSection={<Icon name="close" size={16} />}
          onClick={() => set({ patient: undefined })}
        >
          {theirs ? t('messages.theirs', { name: theirs }) : t('messages.everyone')}
        </Button>
      )}
    </div>
  )
}

function Pages({ search, next }: { search: MessageSearch; next: string | null }) {
  const { t } = useTranslation()
  const cursor = next && new URL(next).searchParams.get('cursor')
  if (!cursor && !search.cursor) return null
  return (
    <nav aria-label={t('messages.pages')} className={styles.pages}>
      {search.cursor && (
        <Button
          variant="default"
          leftSection={<Icon name="chevronLeft" />}
          renderRoot={(props) => <Link to="/messages" search={{ ...search, cursor: undefined }} {...props} />}
        >
          {t('messages.first')}
        </Button>
      )}
      {cursor && (
        <Button
          variant="default"
          rightSection={<Icon name="chevronRight" />}
          renderRoot={(props) => <Link to="/messages" search={{ ...search, cursor }} {...props} />}
        >
          {t(search.state === 'due' ? 'messages.later' : 'messages.older')}
        </Button>
      )}
    </nav>
  )
}

function Loaded({ at, isStale }: { at: number; isStale: boolean }) {
  const { t } = useTranslation()
  const clock = useClock(useClinic().data?.time_zone ?? 'UTC')
  return (
    <p className={styles.loaded} data-stale={isStale || undefined}>
      <Icon name={isStale ? 'alert' : 'sync'} size={16} />
      {t(isStale ? 'messages.stale' : 'messages.loadedAt', { time: timeOf(at, clock) })}
    </p>
  )
}
