/** What a patient does with a record of theirs: other words, another doctor, or taking it back. */
import { Button, Group, Select } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import { nameDoctor, removeRecord } from '../api/records'
import type { HealthRecord } from '../api/shapes'
import { useDoctors } from '../patient/useDoctors'
import { putAnswer } from '../realtime/records'
import styles from '../settings/forms.module.css'
import { showToast } from '../ui/announcements'
import { useAttempt } from '../ui/attempt'
import { Dialog } from '../ui/Dialog'
import { ErrorNote } from '../ui/ErrorNote'
import { EditRecordForm } from './RecordForm'
import { useRecordCache } from './useRecord'

type Task = 'edit' | 'doctor' | 'remove'

export function OwnRecordActions({ record }: { record: HealthRecord }) {
  const { t } = useTranslation()
  const cache = useRecordCache(record.id)
  const [task, setTask] = useState<Task>()
  const close = () => setTask(undefined)

  function done(changed: HealthRecord, words: string) {
    cache.put((data) => putAnswer(data, changed))
    cache.listsChanged()
    showToast(words)
    close()
  }

  return (
    <>
      <Button onClick={() => setTask('edit')}>{t('record.edit')}</Button>
      <Button variant="default" onClick={() => setTask('doctor')}>
        {t('record.nameDoctor')}
      </Button>
      <Button variant="default" onClick={() => setTask('remove')}>
        {t('record.remove')}
      </Button>
      <Dialog opened={task === 'edit'} onClose={close} title={t('record.editTitle')}>
        <EditRecordForm
          record={record}
          onDone={(changed) => done(changed, t('saved'))}
          onCancel={close}
          onOverlooked={() => void cache.reload()}
        />
      </Dialog>
      <Dialog opened={task === 'doctor'} onClose={close} title={t('record.doctorTitle')}>
        <DoctorChoice
          record={record}
          onDone={(changed) => done(changed, t('saved'))}
          onCancel={close}
          onOverlooked={() => void cache.reload()}
        />
      </Dialog>
      <Dialog opened={task === 'remove'} onClose={close} title={t('record.removeTitle')}>
        <Removing record={record} onCancel={close} onOverlooked={() => void cache.reload()} />
      </Dialog>
    </>
  )
}

interface TaskProps {
  record: HealthRecord
  onCancel: () => void
  onOverlooked: () => void
}

function DoctorChoice({
  record,
  onDone,
  onCancel,
  onOverlooked,
}: TaskProps & { onDone: (record: HealthRecord) => void }) {
  const { t } = useTranslation()
  const attempt = useAttempt()
  const doctors = useDoctors()
  const [doctor, setDoctor] = useState(record.doctor ? String(record.doctor.id) : null)
  const naming = useMutation({
    mutationFn: () =>
      nameDoctor(record, doctor ? Number(doctor) : null, attempt.keyFor([record.version, doctor])),
    onSuccess: (changed) => {
      attempt.settled()
      onDone(changed)
    },
    onError: (error) => {
      if (error instanceof Problem && error.isTransient) return
      attempt.settled()
      onOverlooked()
    },
  })
  return (
    <div className={styles.form}>
      <p className={styles.soft}>{t('record.doctorLead')}</p>
      {naming.error && <ErrorNote error={naming.error} />}
      <Select
        label={t('record.doctor')}
        placeholder={t('records.noDoctor')}
        searchable
        clearable
        data-autofocus
        openOnFocus={false}
        nothingFoundMessage={t('find.emptyTitle')}
        data={(doctors.data ?? []).map(({ id, name, specialization }) => ({
          value: String(id),
          label: [name, specialization].filter(Boolean).join(' · '),
        }))}
        value={doctor}
        onChange={setDoctor}
      />
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onCancel}>
          {t('records.formCancel')}
        </Button>
        <Button loading={naming.isPending} onClick={() => !naming.isPending && naming.mutate()}>
          {t('save')}
        </Button>
      </Group>
    </div>
  )
}

function Removing({ record, onCancel, onOverlooked }: TaskProps) {
  const { t } = useTranslation()
  const cache = useRecordCache(record.id)
  const navigate = useNavigate()
  const removing = useMutation({
    mutationFn: () => removeRecord(record),
    onSuccess: () => {
      cache.listsChanged()
      showToast(t('record.removed'))
      void navigate({ to: '/records' })
    },
    onError: (error) => {
      if (error instanceof Problem && error.status === 412) onOverlooked()
    },
  })
  return (
    <div className={styles.form}>
      <p className={styles.soft}>{t('record.removeLead')}</p>
      {removing.error && <ErrorNote error={removing.error} />}
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onCancel} data-autofocus>
          {t('record.keep')}
        </Button>
        <Button
          className="danger"
          loading={removing.isPending}
          onClick={() => !removing.isPending && removing.mutate()}
        >
          {t('record.removeConfirm')}
        </Button>
      </Group>
    </div>
  )
}
