/** What doctors wrote in a record: as it is written, new until seen; the assigned doctors write here. */
import { Button, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import { annotate, removeAnnotation, updateAnnotation } from '../api/records'
import type { Annotation, HealthRecord } from '../api/shapes'
import { useMe } from '../app/useMe'
import { useInbox, useMarkRead } from '../inbox/useInbox'
import { putAnnotation, withoutAnnotation } from '../realtime/records'
import forms from '../settings/forms.module.css'
import { dateName, dateOf, timeOf } from '../time/clock'
import { useClock } from '../time/useClock'
import { announce, showToast } from '../ui/announcements'
import { newKey } from '../ui/attempt'
import { Card } from '../ui/Card'
import { Dialog } from '../ui/Dialog'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { Initials } from '../ui/Initials'
import { Conflict } from './Conflict'
import { Mark } from './Mark'
import styles from './Notes.module.css'
import { newNotes, type SentNote, unconfirmed, unreadOf } from './newNotes'
import { useRecordCache } from './useRecord'
import { useSeen } from './useSeen'

const TEXT_MAX = 20_000

interface Props {
  record: HealthRecord
  arrived: ReadonlySet<number>
}

export function Notes({ record, arrived }: Props) {
  const { t } = useTranslation()
  const me = useMe()
  const heading = useRef<HTMLHeadingElement>(null)
  const fresh = useNewNotes(record, arrived)
  const [sent, setSent] = useState<readonly SentNote[]>([])
  const waiting = unconfirmed(sent, record.annotations, me.id)
  const isEmpty = record.annotations.length + waiting.length === 0
  return (
    <Card>
      <h2 ref={heading} tabIndex={-1} className={styles.heading}>
        {t('notes.title')} <span className="numbers">{record.annotations.length}</span>
      </h2>
      {isEmpty && <p className={styles.nothing}>{t('notes.none')}</p>}
      {!isEmpty && (
        <ol className={styles.notes} aria-label={t('notes.title')}>
          {record.annotations.map((note) => (
            <Note
              key={note.id}
              note={note}
              isNew={fresh.ids.has(note.id)}
              onSeen={fresh.seen}
              // The button that had the focus went with its note.
              onRemoved={() => requestAnimationFrame(() => heading.current?.focus())}
            />
          ))}
          {waiting.map(({ key, content }) => (
            <li key={key} className={styles.note} data-sending>
              <Initials name={`${me.first_name} ${me.last_name}`} size={36} />
              <div className={styles.body}>
                <p className={styles.head}>
                  <span className={styles.name}>{t('notes.you')}</span>
                  <span className={styles.when}>
                    <Icon name="sync" size={14} /> {t('notes.sending')}
                  </span>
                </p>
                <p className={styles.content}>{content}</p>
              </div>
            </li>
          ))}
        </ol>
      )}
      {me.role === 'DOCTOR' && <NewNote record={record} sent={sent} onSent={setSent} />}
    </Card>
  )
}

function useNewNotes(record: HealthRecord, arrived: ReadonlySet<number>) {
  const me = useMe()
  const inbox = useInbox()
  const mark = useMarkRead()
  const [seen, setSeen] = useState<ReadonlySet<number>>(new Set())
  const unread = unreadOf(record.id, inbox.data?.notifications ?? [])
  const all = newNotes(record.annotations, me.id, unread, arrived)
  const ids = new Set([...all].filter((id) => !seen.has(id)))
  const read = ids.size === 0 ? unread.map(({ id }) => id).join() : ''

  // Once everything new was seen here, the inbox of every device need not tell of it any more.
  const marked = useRef('')
  useEffect(() => {
    // Once each: where it is refused, the inbox says so and keeps its lines.
    if (!read || read === marked.current) return
    marked.current = read
    mark.mutate({ ids: read.split(',').map(Number) })
  }, [read, mark.mutate])

  return { ids, seen: (id: number) => setSeen((before) => new Set([...before, id])) }
}

interface NoteProps {
  note: Annotation
  isNew: boolean
  onSeen: (id: number) => void
  onRemoved: () => void
}

function Note({ note, isNew, onSeen, onRemoved }: NoteProps) {
  const { t } = useTranslation()
  const me = useMe()
  const clock = useClock(me.time_zone)
  const [task, setTask] = useState<'edit' | 'remove'>()
  const place = useSeen<HTMLLIElement>(isNew, () => onSeen(note.id))
  const editButton = useRef<HTMLButtonElement>(null)
  const isMine = note.doctor.id === me.id
  const day = dateName(dateOf(note.created_at, clock.zone), {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  })

  function closeEditor() {
    setTask(undefined)
    requestAnimationFrame(() => editButton.current?.focus())
  }

  return (
    <li ref={place} className={styles.note} data-new={isNew || undefined}>
      <Initials name={note.doctor.name} size={36} />
      <div className={styles.body}>
        <p className={styles.head}>
          <span className={styles.name}>{note.doctor.name}</span>
          <time className={styles.when} dateTime={note.created_at}>
            {day}, {timeOf(note.created_at, clock)}
            {note.version > 1 && ` · ${t('notes.edited')}`}
          </time>
          {isNew && (
            <Mark icon="pen" tone="new">
              {t('notes.new')}
            </Mark>
          )}
        </p>
        {task === 'edit' ? (
          <EditNote note={note} onClose={closeEditor} />
        ) : (
          <p className={styles.content}>{note.content}</p>
        )}
        {isMine && task !== 'edit' && (
          <div className={styles.actions}>
            <Button ref={editButton} size="compact-sm" variant="subtle" onClick={() => setTask('edit')}>
              {t('notes.edit')}
            </Button>
            <Button size="compact-sm" variant="subtle" onClick={() => setTask('remove')}>
              {t('notes.remove')}
            </Button>
          </div>
        )}
      </div>
      <Dialog opened={task === 'remove'} onClose={() => setTask(undefined)} title={t('notes.removeTitle')}>
        <RemoveNote note={note} onClose={() => setTask(undefined)} onRemoved={onRemoved} />
      </Dialog>
    </li>
  )
}

interface NewNoteProps {
  record: HealthRecord
  sent: readonly SentNote[]
  onSent: (change: (before: readonly SentNote[]) => readonly SentNote[]) => void
}

/** What was sent leaves the field for the list at once; refused, it comes back into the field. */
function NewNote({ record, onSent }: NewNoteProps) {
  const { t } = useTranslation()
  const cache = useRecordCache(record.id)
  const field = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState('')
  /** The same words after a broken connection are the same note. */
  const open = useRef<{ content: string; key: string } | undefined>(undefined)
  const sending = useMutation({
    mutationFn: ({ content, key }: SentNote) => annotate(record.id, content, key),
    onSuccess: (note) => {
      open.current = undefined
      cache.put((data) => putAnnotation(data, note))
      cache.listsChanged()
      announce(t('notes.saved'))
    },
    onError: (error, { content }) => {
      if (!(error instanceof Problem && error.isTransient)) open.current = undefined
      setText((typed) => (typed.trim() ? `${content}\n\n${typed}` : content))
      if (error instanceof Problem && (error.status === 403 || error.status === 404)) void cache.reload()
    },
    onSettled: (_note, _error, { key }) => onSent((before) => before.filter((each) => each.key !== key)),
  })

  function send() {
    const content = text.trim()
    if (!content || sending.isPending) {
      field.current?.focus()
      return
    }
    if (open.current?.content !== content) open.current = { content, key: newKey() }
    const note = { ...open.current, before: new Set(record.annotations.map(({ id }) => id)) }
    onSent((before) => [...before, note])
    setText('')
    sending.mutate(note)
    field.current?.focus()
  }

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      {sending.error && (
        <ErrorNote error={sending.error} title={t('notes.notSaved')}>
          <p className={styles.kept}>{t('notes.kept')}</p>
        </ErrorNote>
      )}
      <Textarea
        ref={field}
        label={t('notes.write')}
        description={t(record.withdrawn ? 'notes.writeHintWithdrawn' : 'notes.writeHint')}
        autosize
        minRows={3}
        maxRows={12}
        maxLength={TEXT_MAX}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault()
            send()
          }
        }}
      />
      <Button type="submit" leftSection={<Icon name="pen" />} loading={sending.isPending}>
        {t('notes.add')}
      </Button>
    </form>
  )
}

function EditNote({ note, onClose }: { note: Annotation; onClose: () => void }) {
  const { t } = useTranslation()
  const cache = useRecordCache(note.record)
  const [base, setBase] = useState(note)
  const [text, setText] = useState(note.content)
  const isOvertaken = note.version > base.version
  const saving = useMutation({
    mutationFn: (version: number) => updateAnnotation({ id: note.id, version }, text.trim()),
    onSuccess: (changed) => {
      cache.put((data) => putAnnotation(data, changed))
      showToast(t('saved'))
      onClose()
    },
    onError: (error) => {
      if (error instanceof Problem && error.status === 412) void cache.reload()
    },
  })

  function save(version: number) {
    if (text.trim() && !saving.isPending) saving.mutate(version)
  }

  return (
    <form
      className={forms.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isOvertaken) save(base.version)
      }}
    >
      {saving.error && !isOvertaken && <ErrorNote error={saving.error} />}
      <Textarea
        aria-label={t('notes.editLabel')}
        autosize
        autoFocus
        minRows={2}
        maxRows={12}
        maxLength={TEXT_MAX}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose()
        }}
      />
      {isOvertaken ? (
        <Conflict
          lead={t('conflict.note')}
          isSaving={saving.isPending}
          onKeepMine={() => save(note.version)}
          onTakeTheirs={() => {
            setBase(note)
            setText(note.content)
            saving.reset()
          }}
        >
          {note.content}
        </Conflict>
      ) : (
        <div className={forms.foot}>
          <Button type="submit" size="compact-sm" loading={saving.isPending} disabled={!text.trim()}>
            {t('save')}
          </Button>
          <Button size="compact-sm" variant="default" onClick={onClose}>
            {t('records.formCancel')}
          </Button>
        </div>
      )}
    </form>
  )
}

interface RemoveNoteProps {
  note: Annotation
  onClose: () => void
  onRemoved: () => void
}

function RemoveNote({ note, onClose, onRemoved }: RemoveNoteProps) {
  const { t } = useTranslation()
  const cache = useRecordCache(note.record)
  const removing = useMutation({
    mutationFn: () => removeAnnotation(note),
    onSuccess: () => {
      cache.put((data) => withoutAnnotation(data, note.id))
      cache.listsChanged()
      showToast(t('notes.removed'))
      onRemoved()
    },
    onError: (error) => {
      if (error instanceof Problem && error.status === 412) void cache.reload()
    },
  })
  return (
    <div className={forms.form}>
      <p className={forms.soft}>{t('notes.removeLead')}</p>
      {removing.error && <ErrorNote error={removing.error} />}
      <div className={styles.choices}>
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('notes.keep')}
        </Button>
        <Button
          className="danger"
          loading={removing.isPending}
          onClick={() => !removing.isPending && removing.mutate()}
        >
          {t('notes.removeConfirm')}
        </Button>
      </div>
    </div>
  )
}
