/** Records, newest first, month by month: searched, narrowed to one kind, a page at a time. */
import { Button, Select, Skeleton, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RecordLine, RecordType } from '../api/shapes'
import { useMe } from '../app/useMe'
import { useInbox } from '../inbox/useInbox'
import { dateName, dateOf } from '../time/clock'
import { useClock } from '../time/useClock'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { Pager } from '../ui/Pager'
import { Mark } from './Mark'
import { unreadOf } from './newNotes'
import type { RecordSearch } from './search'
import styles from './Timeline.module.css'
import { RECORD_TYPES, typeIcons } from './typeIcons'
import { RECORDS_A_PAGE, useRecords } from './useRecords'

const TYPING_MS = 200

interface Props {
  patient?: number
  search: RecordSearch
  onSearch: (search: RecordSearch) => void
  /** What to do where there is nothing yet. */
  emptyLead: string
  children?: ReactNode
}

export function Timeline({ patient, search, onSearch, emptyLead, children }: Props) {
  const { t } = useTranslation()
  const { q, type, offset } = search
  const { data, error, refetch, isFetching } = useRecords({
    ...(patient === undefined ? {} : { patient }),
    ...(q ? { q } : {}),
    ...(type ? { type } : {}),
    ...(offset ? { offset } : {}),
  })
  const isNarrowed = Boolean(q || type)
  return (
    <div>
      {(isNarrowed || !data || data.count > 0) && <Narrow search={search} onSearch={onSearch} />}
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Loading />}
      {data?.records.length === 0 && (
        <EmptyState
          icon={isNarrowed ? 'search' : 'note'}
          title={t(isNarrowed ? 'records.noneFound' : 'records.emptyTitle')}
          lead={isNarrowed ? t('records.noneFoundLead') : emptyLead}
        >
          {isNarrowed || offset ? (
            <Button variant="default" onClick={() => onSearch({})}>
              {t('records.showAll')}
            </Button>
          ) : (
            children
          )}
        </EmptyState>
      )}
      {data && data.records.length > 0 && (
        <div aria-busy={isFetching} data-testid="records">
          <p className={styles.count}>{t('records.count', { count: data.count })}</p>
          <Months records={data.records} />
          <Pager
            label={t('records.pages')}
            before={t('records.newer')}
            after={t('records.older')}
            page={RECORDS_A_PAGE}
            offset={offset ?? 0}
            count={data.count}
            onTurn={(to) => onSearch({ ...search, offset: to || undefined })}
          />
        </div>
      )}
    </div>
  )
}

function Narrow({ search, onSearch }: Pick<Props, 'search' | 'onSearch'>) {
  const { t } = useTranslation()
  const staff = isStaff(useMe().role)
  const [text, setText] = useState(search.q ?? '')
  const [q] = useDebouncedValue(text.trim(), TYPING_MS)

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was typed is the reason, not what the address says
  useEffect(() => {
    if (q !== (search.q ?? '')) onSearch({ type: search.type, q: q || undefined })
  }, [q])
  // "Show all records" empties the field, too.
  useEffect(() => {
    if (!search.q) setText('')
  }, [search.q])

  return (
    <search className={styles.narrow}>
      <TextInput
        type="search"
        label={t('records.search')}
        description={t(staff ? 'records.searchHintStaff' : 'records.searchHint')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Select
        label={t('records.kind')}
        description={t('records.kindHint')}
        placeholder={t('records.allKinds')}
        clearable
        data={RECORD_TYPES.map((value) => ({ value, label: t(`records.type.${value}`) }))}
        value={search.type ?? null}
        onChange={(type) => onSearch({ q: search.q, type: (type as RecordType | null) ?? undefined })}
      />
    </search>
  )
}

function isStaff(role: string): boolean {
  return role === 'RECEPTIONIST' || role === 'ADMIN'
}

function Months({ records }: { records: RecordLine[] }) {
  const { zone } = useClock(useMe().time_zone)
  const inbox = useInbox().data?.notifications ?? []
  const months = useMemo(() => byMonth(records, zone), [records, zone])
  return months.map(({ month, records }) => {
    const name = dateName(`${month}-01`, { month: 'long', year: 'numeric' })
    return (
      <section key={month} aria-label={name} className={styles.month}>
        <h2 className={styles.monthName}>{name}</h2>
        <ol className={styles.lines}>
          {records.map((record) => (
            <Line
              key={record.id}
              record={record}
              date={dateOf(record.created_at, zone)}
              isNew={unreadOf(record.id, inbox).length > 0}
            />
          ))}
        </ol>
      </section>
    )
  })
}

function byMonth(records: RecordLine[], zone: string): { month: string; records: RecordLine[] }[] {
  const months: { month: string; records: RecordLine[] }[] = []
  for (const record of records) {
    const month = dateOf(record.created_at, zone).slice(0, 7)
    if (months.at(-1)?.month === month) months.at(-1)?.records.push(record)
    else months.push({ month, records: [record] })
  }
  return months
}

function Line({ record, date, isNew }: { record: RecordLine; date: string; isNew: boolean }) {
  const { t } = useTranslation()
  const me = useMe()
  const kind = t(`records.type.${record.record_type}`)
  const notes = record.annotations?.length ?? 0
  const content = (
    <>
      <span className={styles.icon}>
        <Icon name={typeIcons[record.record_type]} size={20} />
      </span>
      <span className={styles.body}>
        <span className={styles.title}>
          {record.title ?? kind}
          {isNew && (
            <Mark icon="pen" tone="new">
              {t('records.newNote')}
            </Mark>
          )}
          {record.withdrawn && (
            <Mark icon="minus" tone="warn">
              {t('records.withdrawn')}
            </Mark>
          )}
        </span>
        <span className={styles.facts}>
          {[
            dateName(date, { weekday: 'short', day: 'numeric', month: 'short' }),
            record.title !== undefined && kind,
            record.doctor?.name,
            notes > 0 && t('records.notes', { count: notes }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </span>
      <span className={styles.reference}>{record.record_id}</span>
    </>
  )
  return (
    <li>
      {isStaff(me.role) ? (
        <div className={styles.line}>{content}</div>
      ) : (
        <Link to="/records/$recordId" params={{ recordId: String(record.id) }} className={styles.line}>
          {content}
          <span className={styles.chevron}>
            <Icon name="chevronRight" />
          </span>
        </Link>
      )}
    </li>
  )
}

function Loading() {
  const { t } = useTranslation()
  return (
    <div aria-busy="true">
      <span className="visually-hidden">{t('loading')}</span>
      <Skeleton height={20} width={90} mb={16} />
      <Skeleton height={20} width={140} mb={12} />
      <Skeleton height={276} radius="lg" />
    </div>
  )
}
