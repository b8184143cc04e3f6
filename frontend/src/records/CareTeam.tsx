/** The doctors who may read all of a patient's records: who they are, since when, by whom; assigning and ending. */
import { Button, Group, Select, Skeleton } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { assignDoctor, endAssignment } from '../api/assignments'
import { Problem } from '../api/problem'
import type { Assignment, Named } from '../api/shapes'
import { useMe } from '../app/useMe'
import { useDoctors } from '../patient/useDoctors'
import forms from '../settings/forms.module.css'
import { dateName, dateOf } from '../time/clock'
import { useClock } from '../time/useClock'
import { showToast } from '../ui/announcements'
import { useAttempt } from '../ui/attempt'
import { Dialog } from '../ui/Dialog'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { Initials } from '../ui/Initials'
import { Section } from '../ui/Section'
import styles from './CareTeam.module.css'
import { useAssignments } from './useAssignments'

interface Props {
  patient: Named
  /** Where assignments of this patient are told of. */
  topic: 'desk' | `user.${number}`
  isMine?: boolean
}

export function CareTeam({ patient, topic, isMine = false }: Props) {
  const { t } = useTranslation()
  const { data, error, refetch, load } = useAssignments(patient.id, topic)
  const title = t(isMine ? 'team.titleMine' : 'team.title')
  const [assigning, setAssigning] = useState(false)
  const [ending, setEnding] = useState<Assignment>()

  return (
    <Section title={title} lead={t(isMine ? 'team.leadMine' : 'team.lead')}>
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Skeleton height={64} radius="md" mb={16} aria-busy="true" />}
      {data?.length === 0 && <p className={forms.empty}>{t('team.none')}</p>}
      {data && data.length > 0 && (
        <ul className={forms.list} aria-label={title}>
          {data.map((assignment) => (
            <Member
              key={assignment.id}
              assignment={assignment}
              byPatient={assignment.assigned_by.id === patient.id}
              isMine={isMine}
              onEnd={() => setEnding(assignment)}
            />
          ))}
        </ul>
      )}
      <Button variant="default" leftSection={<Icon name="plus" />} onClick={() => setAssigning(true)}>
        {t('team.assign')}
      </Button>
      <Dialog opened={assigning} onClose={() => setAssigning(false)} title={t('team.assignTitle')}>
        <Assigning
          patient={patient}
          isMine={isMine}
          standing={data ?? []}
          onClose={() => setAssigning(false)}
          onDone={load}
        />
      </Dialog>
      <Dialog
        opened={ending !== undefined}
        onClose={() => setEnding(undefined)}
        title={t('team.endTitle', { name: ending?.doctor.name ?? '' })}
      >
        {ending && (
          <Ending assignment={ending} isMine={isMine} onClose={() => setEnding(undefined)} onDone={load} />
        )}
      </Dialog>
    </Section>
  )
}

interface MemberProps {
  assignment: Assignment
  byPatient: boolean
  isMine: boolean
  onEnd: () => void
}

function Member({ assignment, byPatient, isMine, onEnd }: MemberProps) {
  const { t } = useTranslation()
  const clock = useClock(useMe().time_zone)
  const { doctor, assigned_by, created_at } = assignment
  const date = dateName(dateOf(created_at, clock.zone), { day: 'numeric', month: 'short', year: 'numeric' })
  const by = byPatient ? (isMine ? 'team.byYou' : 'team.byPatient') : 'team.by'
  return (
    <li className={styles.member}>
      <Initials name={doctor.name} size={36} />
      <span className={forms.grow}>
        <span className={forms.strong}>{doctor.name}</span>
        {doctor.specialization && <span className={forms.soft}> · {doctor.specialization}</span>}
        <br />
        <span className={styles.why}>{t(by, { name: assigned_by.name, date })}</span>
      </span>
      <Button
        variant="subtle"
        size="compact-sm"
        aria-label={t('team.endOf', { name: doctor.name })}
        onClick={onEnd}
      >
        {t('team.end')}
      </Button>
    </li>
  )
}

interface AssigningProps {
  patient: Named
  isMine: boolean
  standing: Assignment[]
  onClose: () => void
  onDone: () => void
}

function Assigning({ patient, isMine, standing, onClose, onDone }: AssigningProps) {
  const { t } = useTranslation()
  const attempt = useAttempt()
  const doctors = useDoctors()
  const [doctor, setDoctor] = useState<string | null>(null)
  const assigning = useMutation({
    mutationFn: (id: number) => assignDoctor(patient.id, id, attempt.keyFor([patient.id, id])),
    onSuccess: (assignment) => {
      attempt.settled()
      showToast(t('team.assigned', { name: assignment.doctor.name }))
      onDone()
      onClose()
    },
    onError: (error) => {
      if (!(error instanceof Problem && error.isTransient)) attempt.settled()
    },
  })
  const there = new Set(standing.map((each) => each.doctor.id))
  const choice = (doctors.data ?? []).filter(({ id }) => !there.has(id))
  return (
    <form
      className={forms.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (doctor && !assigning.isPending) assigning.mutate(Number(doctor))
      }}
    >
      <p className={forms.soft}>
        {isMine ? t('team.assignLeadMine') : t('team.assignLead', { name: patient.name })}
      </p>
      {assigning.error && <ErrorNote error={assigning.error} />}
      {!doctors.data && doctors.error && (
        <ErrorNote error={doctors.error} title={t('error.loading')} onRetry={() => void doctors.refetch()} />
      )}
      <Select
        label={t('team.doctor')}
        placeholder={t('bookFor.doctor')}
        searchable
        data-autofocus
        openOnFocus={false}
        nothingFoundMessage={t('find.emptyTitle')}
        data={choice.map(({ id, name, specialization }) => ({
          value: String(id),
          label: [name, specialization].filter(Boolean).join(' · '),
        }))}
        value={doctor}
        onChange={setDoctor}
      />
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onClose}>
          {t('records.formCancel')}
        </Button>
        <Button type="submit" disabled={!doctor} loading={assigning.isPending}>
          {t('team.assignConfirm')}
        </Button>
      </Group>
    </form>
  )
}

interface EndingProps {
  assignment: Assignment
  isMine: boolean
  onClose: () => void
  onDone: () => void
}

function Ending({ assignment, isMine, onClose, onDone }: EndingProps) {
  const { t } = useTranslation()
  const attempt = useAttempt()
  const { doctor, patient } = assignment
  const ending = useMutation({
    mutationFn: () => endAssignment(assignment.id, attempt.keyFor(assignment.id)),
    onSuccess: () => {
      attempt.settled()
      showToast(t('team.ended', { name: doctor.name }))
      onDone()
      onClose()
    },
    onError: (error) => {
      if (error instanceof Problem && error.isTransient) return
      attempt.settled()
      onDone()
    },
  })
  const who = { name: doctor.name, patient: patient.name }
  return (
    <div className={forms.form}>
      <p className={forms.soft}>{t(isMine ? 'team.endLeadMine' : 'team.endLead', who)}</p>
      {ending.error && <ErrorNote error={ending.error} />}
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('team.keep')}
        </Button>
        <Button
          className="danger"
          loading={ending.isPending}
          onClick={() => !ending.isPending && ending.mutate()}
        >
          {t('team.endConfirm')}
        </Button>
      </Group>
    </div>
  )
}
