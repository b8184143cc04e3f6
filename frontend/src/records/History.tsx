/** Every version of a record and of its notes, for those who may read it. */
import { Button, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { loadHistory } from '../api/records'
import type { HealthRecord, RecordHistory } from '../api/shapes'
import { useMe } from '../app/useMe'
import { dateName, dateOf, timeOf } from '../time/clock'
import { useClock } from '../time/useClock'
import { Card } from '../ui/Card'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import styles from './History.module.css'

export function History({ record }: { record: HealthRecord }) {
  const { t } = useTranslation()
  const id = useId()
  const [opened, setOpened] = useState(false)
  // What was written since is another history.
  const state = [record.version, ...record.annotations.map((note) => `${note.id}.${note.version}`)].join()
  const { data, error, refetch } = useQuery({
    queryKey: ['record-history', record.id, state],
    queryFn: () => loadHistory(record.id),
    enabled: opened,
  })
  return (
    <Card>
      <div className={styles.top}>
        <h2 className={styles.heading}>{t('history.title')}</h2>
        <Button
          variant="default"
          aria-expanded={opened}
          aria-controls={id}
          onClick={() => setOpened((before) => !before)}
        >
          {t(opened ? 'history.hide' : 'history.show')}
        </Button>
      </div>
      <div id={id} hidden={!opened}>
        {opened && data && <Story history={data} />}
        {opened && !data && error && (
          <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
        )}
        {opened && !data && !error && <Skeleton height={120} radius="md" aria-busy="true" />}
      </div>
    </Card>
  )
}

function Story({ history }: { history: RecordHistory }) {
  const { t } = useTranslation()
  const until = useMoment()
  const [current, ...earlier] = history.versions.toReversed()
  const notes = history.annotations.filter(({ versions, removed_at }) => versions.length > 1 || removed_at)
  return (
    <div className={styles.story}>
      <ol className={styles.list} aria-label={t('history.versions')}>
        {current && (
          <Version label={t('history.current', { version: current.version })}>
            <strong>{current.title}</strong>
          </Version>
        )}
        {earlier.map((version) => (
          <Version
            key={version.version}
            label={t('history.until', { version: version.version, when: until(version.replaced_at) })}
          >
            <strong>{version.title}</strong>
            {version.description && <p className={styles.text}>{version.description}</p>}
            <p className={styles.soft}>
              {t('record.doctor')}: {version.doctor?.name ?? t('records.noDoctor')}
            </p>
          </Version>
        ))}
      </ol>
      {notes.length > 0 && (
        <>
          <h3 className={styles.notesTitle}>{t('history.notes')}</h3>
          <ol className={styles.list} aria-label={t('history.notes')}>
            {notes.flatMap((note) =>
              note.versions.toReversed().map((version) => (
                <Version
                  key={`${note.id}.${version.version}`}
                  label={
                    version.replaced_at
                      ? t('history.noteUntil', { name: note.doctor.name, when: until(version.replaced_at) })
                      : note.removed_at
                        ? t('history.noteRemoved', { name: note.doctor.name, when: until(note.removed_at) })
                        : t('history.noteNow', { name: note.doctor.name })
                  }
                >
                  <p className={styles.text}>{version.content}</p>
                </Version>
              )),
            )}
          </ol>
        </>
      )}
    </div>
  )
}

function useMoment() {
  const clock = useClock(useMe().time_zone)
  return (at: string | null) =>
    at &&
    `${dateName(dateOf(at, clock.zone), { day: 'numeric', month: 'short', year: 'numeric' })}, ${timeOf(at, clock)}`
}

function Version({ label, children }: { label: string; children: ReactNode }) {
  return (
    <li>
      <p className={styles.label}>
        <Icon name="clock" size={14} />
        {label}
      </p>
      {children}
    </li>
  )
}
