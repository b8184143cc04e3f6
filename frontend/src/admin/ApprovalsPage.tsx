/** Doctors who wait for the clinic's word, live. */
import { Button, Group, Skeleton } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { decideOnDoctor, loadDoctorAccounts } from '../api/people'
import { Problem } from '../api/problem'
import type { User } from '../api/shapes'
import { nameOf } from '../app/useMe'
import { useTopic } from '../realtime/useTopic'
import { dayName, ownZone, timeOf } from '../time/clock'
import { useTimePreferences } from '../time/preferences'
import { showToast } from '../ui/announcements'
import { useAttempt } from '../ui/attempt'
import { Card } from '../ui/Card'
import { Dialog } from '../ui/Dialog'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { Initials } from '../ui/Initials'
import { PageHead } from '../ui/PageHead'
import styles from './ApprovalsPage.module.css'

const accountsKey = ['doctor-accounts']

export function ApprovalsPage() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({ queryKey: accountsKey, queryFn: loadDoctorAccounts })
  const load = () => void client.invalidateQueries({ queryKey: accountsKey, exact: true })
  useTopic('desk', {
    event(event) {
      if (event.type.startsWith('doctor.') || event.type.startsWith('person.')) load()
    },
    load,
  })

  const waiting = data?.filter((doctor) => doctor.is_active && !doctor.is_approved) ?? []
  const working = data?.filter((doctor) => doctor.is_active && doctor.is_approved) ?? []
  return (
    <div className={styles.page}>
      <PageHead title={t('approvals.title')} lead={t('approvals.lead')} />
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && (
        <div className={styles.list} aria-busy="true">
          <span className="visually-hidden">{t('loading')}</span>
          <Skeleton height={104} radius="lg" />
          <Skeleton height={104} radius="lg" />
        </div>
      )}
      {data && waiting.length === 0 && (
        <EmptyState icon="shield" title={t('approvals.emptyTitle')} lead={t('approvals.emptyLead')} />
      )}
      {waiting.length > 0 && (
        <ul className={styles.list} aria-label={t('approvals.title')} data-testid="waiting-doctors">
          {waiting.map((doctor) => (
            <li key={doctor.id}>
              <Waiting doctor={doctor} onDecided={load} />
            </li>
          ))}
        </ul>
      )}
      {working.length > 0 && (
        <section aria-labelledby="working" className={styles.working}>
          <h2 id="working" className={styles.heading}>
            {t('approvals.working')}
          </h2>
          <ul className={styles.rows}>
            {working.map((doctor) => (
              <li key={doctor.id}>
                <Initials name={nameOf(doctor)} size={36} />
                <span className={styles.rowName}>{nameOf(doctor)}</span>
                <span className={styles.soft}>
                  {doctor.specialization || t('approvals.noSpecialization')}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

function Waiting({ doctor, onDecided }: { doctor: User; onDecided: () => void }) {
  const { t } = useTranslation()
  const { hours } = useTimePreferences()
  const attempt = useAttempt()
  const [asking, setAsking] = useState(false)
  const name = nameOf(doctor)
  const clock = { zone: ownZone(), hours }
  const when = `${dayName(doctor.created_at, clock.zone, 'short')}, ${timeOf(doctor.created_at, clock)}`

  const decision = useMutation({
    mutationFn: (what: 'approve' | 'reject') => decideOnDoctor(doctor.id, what, attempt.keyFor(what)),
    onSuccess: (_, what) => {
      attempt.settled()
      setAsking(false)
      showToast(t(what === 'approve' ? 'approvals.approvedToast' : 'approvals.rejectedToast', { name }))
      onDecided()
    },
    onError: (error) => {
      setAsking(false)
      if (error instanceof Problem && error.isTransient) return
      attempt.settled()
      onDecided()
    },
  })

  function decide(what: 'approve' | 'reject') {
    if (!decision.isPending) decision.mutate(what)
  }

  return (
    <Card>
      <div className={styles.doctor}>
        <Initials name={name} size={52} />
        <div className={styles.who}>
          <h2 className={styles.name}>{name}</h2>
          <p className={styles.soft}>{doctor.specialization || t('approvals.noSpecialization')}</p>
          <p className={styles.contact}>
            {doctor.email} · {t('approvals.since', { when })}
          </p>
        </div>
        <div className={styles.actions}>
          <Button
            leftSection={<Icon name="check" />}
            aria-label={t('approvals.approveOf', { name })}
            loading={decision.isPending && decision.variables === 'approve'}
            onClick={() => decide('approve')}
          >
            {t('approvals.approve')}
          </Button>
          <Button
            variant="default"
            aria-label={t('approvals.rejectOf', { name })}
            onClick={() => setAsking(true)}
          >
            {t('approvals.reject')}
          </Button>
        </div>
      </div>
      {decision.error && (
        <div className={styles.error}>
          <ErrorNote error={decision.error} />
        </div>
      )}
      <Dialog opened={asking} onClose={() => setAsking(false)} title={t('approvals.rejectTitle', { name })}>
        <p className={styles.lead}>{t('approvals.rejectLead')}</p>
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={() => setAsking(false)}>
            {t('approvals.keep')}
          </Button>
          <Button className="danger" loading={decision.isPending} onClick={() => decide('reject')}>
            {t('approvals.reject')}
          </Button>
        </Group>
      </Dialog>
    </Card>
  )
}
