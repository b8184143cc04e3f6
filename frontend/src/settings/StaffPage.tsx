/** Everybody who works here: who may sign in, and new accounts. */
import { Button, Group, Skeleton } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { loadPeople, setActive } from '../api/people'
import type { User } from '../api/shapes'
import { nameOf, useMe } from '../app/useMe'
import { useTopic } from '../realtime/useTopic'
import { showToast } from '../ui/announcements'
import { useAttempt } from '../ui/attempt'
import { Dialog } from '../ui/Dialog'
import { ErrorNote } from '../ui/ErrorNote'
import { Initials } from '../ui/Initials'
import { Section } from '../ui/Section'
import { AccountForm, type StaffRole } from './AccountForm'
import styles from './forms.module.css'
import { SettingsFrame } from './SettingsFrame'

const ROLES: readonly [StaffRole, ...StaffRole[]] = ['DOCTOR', 'RECEPTIONIST', 'ADMIN']
const staffKey = ['people', 'staff']

export function StaffPage() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({ queryKey: staffKey, queryFn: () => loadPeople([...ROLES]) })
  const [adding, setAdding] = useState(false)
  const load = () => void client.invalidateQueries({ queryKey: staffKey })
  useTopic('desk', {
    event(event) {
      if (event.type.startsWith('doctor.') || event.type.startsWith('person.')) load()
    },
    load,
  })

  return (
    <SettingsFrame title={t('settings.staff')} lead={t('staff.lead')}>
      <div>
        <Button onClick={() => setAdding(true)}>{t('staff.add')}</Button>
      </div>
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Skeleton height={300} radius="lg" aria-busy="true" />}
      {data &&
        ROLES.map((role) => (
          <Role key={role} role={role} people={data.filter((person) => person.role === role)} />
        ))}
      <Dialog opened={adding} onClose={() => setAdding(false)} title={t('staff.add')}>
        <AccountForm roles={ROLES} submit={t('account.create')} onMade={() => setAdding(false)} />
      </Dialog>
    </SettingsFrame>
  )
}

function Role({ role, people }: { role: StaffRole; people: User[] }) {
  const { t } = useTranslation()
  return (
    <Section title={t(`staff.of.${role}`)}>
      {people.length === 0 ? (
        <p className={styles.empty}>{t('staff.none')}</p>
      ) : (
        <ul className={styles.list} aria-label={t(`staff.of.${role}`)}>
          {people.map((person) => (
            <Person key={person.id} person={person} />
          ))}
        </ul>
      )}
    </Section>
  )
}

function Person({ person }: { person: User }) {
  const { t } = useTranslation()
  const me = useMe()
  const client = useQueryClient()
  const attempt = useAttempt()
  const [asking, setAsking] = useState(false)
  const name = nameOf(person)
  const decision = useMutation({
    mutationFn: (active: boolean) => setActive(person.id, active, attempt.keyFor(active)),
    onSuccess: (_, active) => {
      showToast(t(active ? 'staff.activated' : 'staff.deactivated', { name }))
    },
    onSettled: () => {
      attempt.settled()
      setAsking(false)
      void client.invalidateQueries({ queryKey: staffKey })
    },
  })
  const state = !person.is_active ? 'closed' : person.is_approved ? undefined : 'pending'
  return (
    <li>
      <Initials name={name} size={36} />
      <span className={styles.grow}>
        <span className={styles.strong}>{name}</span>
        {person.specialization && <span className={styles.soft}> · {person.specialization}</span>}
        {state && <span className={styles.soft}> · {t(`staff.${state}`)}</span>}
        <br />
        <span className={styles.soft}>
          {person.username}
          {person.email && ` · ${person.email}`}
        </span>
      </span>
      {person.id !== me.id && (
        <Button
          variant="default"
          size="compact-sm"
          aria-label={t(person.is_active ? 'staff.deactivateOf' : 'staff.activateOf', { name })}
          loading={decision.isPending}
          onClick={() => (person.is_active ? setAsking(true) : decision.mutate(true))}
        >
          {t(person.is_active ? 'staff.deactivate' : 'staff.activate')}
        </Button>
      )}
      {decision.error && (
        <div style={{ flexBasis: '100%' }}>
          <ErrorNote error={decision.error} />
        </div>
      )}
      <Dialog opened={asking} onClose={() => setAsking(false)} title={t('staff.askTitle', { name })}>
        <p className={styles.empty}>{t('staff.askLead')}</p>
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={() => setAsking(false)}>
            {t('approvals.keep')}
          </Button>
          <Button className="danger" loading={decision.isPending} onClick={() => decision.mutate(false)}>
            {t('staff.deactivate')}
          </Button>
        </Group>
      </Dialog>
    </li>
  )
}
