/** One record: what it says, what doctors wrote in it, who looks at it right now, and how it came to be. */
import { Skeleton } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import type { HealthRecord, Stream } from '../api/shapes'
import { useMe } from '../app/useMe'
import type { EventIn } from '../realtime/frames'
import { usePresence } from '../realtime/usePresence'
import { dateName, dateOf, timeOf } from '../time/clock'
import { useClock } from '../time/useClock'
import { announce } from '../ui/announcements'
import { BackLink } from '../ui/BackLink'
import { Card } from '../ui/Card'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { PageHead } from '../ui/PageHead'
import { History } from './History'
import { Mark } from './Mark'
import { Notes } from './Notes'
import { OwnRecordActions } from './OwnRecordActions'
import styles from './RecordPage.module.css'
import { RecordTypeBadge } from './RecordTypeBadge'
import { useAssignments } from './useAssignments'
import { useRecord } from './useRecord'

export function RecordPage() {
  const { recordId } = useParams({ from: '/inside/records/$recordId' })
  return <OneRecord key={recordId} id={Number(recordId)} />
}

function OneRecord({ id }: { id: number }) {
  const { t } = useTranslation()
  const me = useMe()
  const [arrived, setArrived] = useState<ReadonlySet<number>>(new Set())

  function heard(event: EventIn<'record.'>) {
    if (event.actor?.id === me.id) return
    const name = event.actor?.name ?? ''
    if (event.type === 'record.updated') announce(t('record.updatedBy', { name }))
    if (event.type !== 'annotation.added') return
    announce(t('notes.arrived', { name }))
    const { id } = event.data
    setArrived((before) => new Set([...before, id]))
  }

  const { data, error, refetch } = useRecord(id, heard)
  const isPatient = me.role === 'PATIENT'
  return (
    <>
      {isPatient ? (
        <BackLink to="/records">{t('record.backMine')}</BackLink>
      ) : (
        <BackLink to="/my-patients">{t('record.backPatients')}</BackLink>
      )}
      {data && <Details record={data.record} stream={data.stream} arrived={arrived} />}
      {!data && error && isClosed(error) && (
        <EmptyState isPage icon="shield" title={t('record.goneTitle')} lead={t('record.goneLead')} />
      )}
      {!data && error && !isClosed(error) && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Loading />}
    </>
  )
}

function isClosed(error: Error): boolean {
  return error instanceof Problem && (error.status === 404 || error.status === 403)
}

interface DetailsProps {
  record: HealthRecord
  stream: Stream
  arrived: ReadonlySet<number>
}

function Details({ record, stream, arrived }: DetailsProps) {
  const { t } = useTranslation()
  const isPatient = useMe().role === 'PATIENT'
  return (
    <>
      <PageHead
        title={record.title}
        lead={
          <span className={styles.marks}>
            <RecordTypeBadge type={record.record_type} />
            {record.withdrawn && (
              <Mark icon="minus" tone="warn">
                {t('records.withdrawn')}
              </Mark>
            )}
            <Viewing topic={stream.topic} />
          </span>
        }
      >
        {isPatient && <OwnRecordActions record={record} />}
      </PageHead>
      <div className={styles.columns}>
        <div className={styles.main}>
          <Card>
            <h2 className={styles.heading}>{t('record.text')}</h2>
            {record.description ? (
              <p className={styles.text} data-testid="record-text">
                {record.description}
              </p>
            ) : (
              <p className={styles.nothing}>{t('record.noText')}</p>
            )}
          </Card>
          <Notes record={record} arrived={arrived} />
          <History record={record} />
        </div>
        <Facts record={record} />
      </div>
    </>
  )
}

/** Whoever else has this record open, by name. */
function Viewing({ topic }: { topic: string }) {
  const { t } = useTranslation()
  const me = useMe()
  const others = usePresence(topic).filter(({ id }) => id !== me.id)
  if (others.length === 0) return null
  const names = new Intl.ListFormat('en-GB').format(others.map(({ name }) => name))
  return (
    <span className={styles.viewing} data-testid="viewing">
      <Icon name="eye" size={16} />
      {t('record.viewing', { names, count: others.length })}
    </span>
  )
}

function Facts({ record }: { record: HealthRecord }) {
  const { t } = useTranslation()
  const me = useMe()
  const clock = useClock(me.time_zone)
  const team = useAssignments(me.id, me.role === 'PATIENT' ? `user.${me.id}` : undefined).data
  const moment = (at: string) =>
    `${dateName(dateOf(at, clock.zone), { day: 'numeric', month: 'long', year: 'numeric' })}, ${timeOf(at, clock)}`
  return (
    <Card className={styles.facts}>
      <h2 className={styles.heading}>{t('record.facts')}</h2>
      <dl>
        {me.role !== 'PATIENT' && (
          <div>
            <dt>{t('record.patient')}</dt>
            <dd>
              <Link to="/my-patients/$patientId" params={{ patientId: String(record.patient.id) }}>
                {record.patient.name}
              </Link>
            </dd>
          </div>
        )}
        <div>
          <dt>{t('record.doctor')}</dt>
          <dd>{record.doctor?.name ?? t('records.noDoctor')}</dd>
        </div>
        {team && team.length > 0 && (
          <div>
            <dt>{t('record.alsoReading')}</dt>
            {team.map(({ id, doctor }) => (
              <dd key={id}>{doctor.name}</dd>
            ))}
          </div>
        )}
        <div>
          <dt>{t('record.reference')}</dt>
          <dd className="numbers">{record.record_id}</dd>
        </div>
        <div>
          <dt>{t('record.created')}</dt>
          <dd className="numbers">{moment(record.created_at)}</dd>
        </div>
        {record.version > 1 && (
          <div>
            <dt>{t('record.changed')}</dt>
            <dd className="numbers">{moment(record.updated_at)}</dd>
          </div>
        )}
      </dl>
    </Card>
  )
}

function Loading() {
  const { t } = useTranslation()
  return (
    <div aria-busy="true">
      <span className="visually-hidden">{t('loading')}</span>
      <Skeleton height={36} width={280} mb={10} />
      <Skeleton height={24} width={140} mb={28} />
      <div className={styles.columns}>
        <div className={styles.main}>
          <Skeleton height={150} radius="lg" />
          <Skeleton height={240} radius="lg" />
        </div>
        <Skeleton height={230} radius="lg" />
      </div>
    </div>
  )
}
