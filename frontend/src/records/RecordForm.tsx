/** What a patient writes down: a new record, or other words for one. Nothing typed is lost when somebody was faster. */
import { Button, Group, Select, Textarea, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import { createRecord, type RecordWords, updateRecord } from '../api/records'
import type { HealthRecord, RecordType } from '../api/shapes'
import { useDoctors } from '../patient/useDoctors'
import styles from '../settings/forms.module.css'
import { announce } from '../ui/announcements'
import { useAttempt } from '../ui/attempt'
import { ErrorNote } from '../ui/ErrorNote'
import { useFields } from '../ui/useFields'
import { Conflict } from './Conflict'
import { RECORD_TYPES } from './typeIcons'

const TITLE_MAX = 200
const TEXT_MAX = 20_000

interface Props {
  onDone: (record: HealthRecord) => void
  onCancel: () => void
}

export function NewRecordForm({ onDone, onCancel }: Props) {
  const { t } = useTranslation()
  const attempt = useAttempt()
  const doctors = useDoctors().data ?? []
  const [type, setType] = useState<RecordType>('OTHER')
  const [doctor, setDoctor] = useState<string | null>(null)
  const fields = useFields({ title: '', description: '' })
  const creating = useMutation({
    mutationFn: (words: RecordWords & { doctor_id: number | null }) =>
      createRecord(words, attempt.keyFor(words)),
    onSuccess: (record) => {
      attempt.settled()
      onDone(record)
    },
    onError: (error) => {
      if (!(error instanceof Problem) || error.isTransient) return
      attempt.settled()
      fields.refused(error)
    },
  })

  function create(event: FormEvent) {
    event.preventDefault()
    const title = fields.values.title.trim()
    if (creating.isPending || fields.refuse(title ? {} : { title: t('required') })) return
    const { description } = fields.values
    creating.mutate({ record_type: type, title, description, doctor_id: doctor ? Number(doctor) : null })
  }

  return (
    <form ref={fields.form} className={styles.form} onSubmit={create} noValidate>
      {creating.error && !Object.values(fields.wrong).some(Boolean) && <ErrorNote error={creating.error} />}
      <Words fields={fields} type={type} onType={setType} />
      <Select
        label={t('records.formDoctor')}
        description={t('records.formDoctorHint')}
        placeholder={t('records.noDoctor')}
        searchable
        clearable
        nothingFoundMessage={t('find.emptyTitle')}
        data={doctors.map(({ id, name, specialization }) => ({
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
        <Button type="submit" loading={creating.isPending}>
          {t('records.create')}
        </Button>
      </Group>
    </form>
  )
}

interface EditProps extends Props {
  /** As it stands now; another one than the form was opened with when somebody was faster. */
  record: HealthRecord
  onOverlooked: () => void
}

export function EditRecordForm({ record, onDone, onCancel, onOverlooked }: EditProps) {
  const { t } = useTranslation()
  const [base, setBase] = useState(record)
  const [type, setType] = useState(record.record_type)
  const fields = useFields({ title: record.title, description: record.description })
  const isOvertaken = record.version > base.version
  const saving = useMutation({
    mutationFn: ({ words, version }: { words: RecordWords; version: number }) =>
      updateRecord(record.id, words, version),
    onSuccess: onDone,
    onError: (error) => {
      if (error instanceof Problem && error.status === 412) {
        announce(t('conflict.record'))
        onOverlooked()
      } else fields.refused(error)
    },
  })

  function save(version: number) {
    const title = fields.values.title.trim()
    if (saving.isPending || fields.refuse(title ? {} : { title: t('required') })) return
    saving.mutate({ words: { record_type: type, title, description: fields.values.description }, version })
  }

  function takeTheirs() {
    setBase(record)
    setType(record.record_type)
    fields.set({ title: record.title, description: record.description })
    saving.reset()
  }

  const isExplained = isOvertaken || Object.values(fields.wrong).some(Boolean)
  return (
    <form
      ref={fields.form}
      className={styles.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        // Enter must not decide what the two buttons ask.
        if (!isOvertaken) save(base.version)
      }}
    >
      {saving.error && !isExplained && <ErrorNote error={saving.error} />}
      <Words fields={fields} type={type} onType={setType} />
      {isOvertaken ? (
        <Conflict
          lead={t('conflict.record')}
          isSaving={saving.isPending}
          onKeepMine={() => save(record.version)}
          onTakeTheirs={takeTheirs}
        >
          <p>
            <strong>{record.title}</strong>
          </p>
          {record.description}
        </Conflict>
      ) : (
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onCancel}>
            {t('records.formCancel')}
          </Button>
          <Button type="submit" loading={saving.isPending}>
            {t('save')}
          </Button>
        </Group>
      )}
    </form>
  )
}

interface WordsProps {
  fields: ReturnType<typeof useFields<{ title: string; description: string }>>
  type: RecordType
  onType: (type: RecordType) => void
}

function Words({ fields, type, onType }: WordsProps) {
  const { t } = useTranslation()
  return (
    <>
      <TextInput
        label={t('records.formTitle')}
        maxLength={TITLE_MAX}
        data-autofocus
        {...fields.input('title')}
      />
      <Select
        label={t('records.kind')}
        allowDeselect={false}
        data={RECORD_TYPES.map((value) => ({ value, label: t(`records.type.${value}`) }))}
        value={type}
        onChange={(value) => value && onType(value as RecordType)}
      />
      <Textarea
        label={t('records.formText')}
        autosize
        minRows={4}
        maxRows={14}
        maxLength={TEXT_MAX}
        {...fields.input('description')}
      />
    </>
  )
}
