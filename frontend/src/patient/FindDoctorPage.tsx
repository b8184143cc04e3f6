/** Finding a doctor by name or specialization, with the next free time of each. */
import { Button, Select, Skeleton, TextInput } from '@mantine/core'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useDeferredValue, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DoctorCard } from '../api/shapes'
import { addDays, dateOf, dayName, timeOf, zoneName } from '../time/clock'
import { useClock } from '../time/useClock'
import { useNow } from '../time/useNow'
import { Card } from '../ui/Card'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { Initials } from '../ui/Initials'
import { PageHead } from '../ui/PageHead'
import styles from './FindDoctorPage.module.css'
import { useDoctors } from './useDoctors'

export function FindDoctorPage() {
  const { t } = useTranslation()
  const search = useSearch({ from: '/inside/doctors' })
  const navigate = useNavigate({ from: '/doctors' })
  const [text, setText] = useState(search.q ?? '')
  const wanted = useDeferredValue(text.trim().toLowerCase())
  const { data, error, refetch } = useDoctors()

  const specializations = useMemo(
    () => [...new Set(data?.map(({ specialization }) => specialization).filter(Boolean))].sort(),
    [data],
  )
  const found = data?.filter(
    (doctor) =>
      (!search.specialization || doctor.specialization === search.specialization) &&
      `${doctor.name} ${doctor.specialization}`.toLowerCase().includes(wanted),
  )

  function remember(change: { q?: string; specialization?: string }) {
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  }

  function type(value: string) {
    setText(value)
    remember({ q: value.trim() || undefined })
  }

  function clear() {
    setText('')
    remember({ q: undefined, specialization: undefined })
  }

  return (
    <>
      <PageHead title={t('find.title')} lead={t('find.lead')} />
      <search className={styles.search}>
        <TextInput
          type="search"
          size="md"
          label={t('find.search')}
          placeholder={t('find.searchHint')}
          leftSection={<Icon name="search" />}
          value={text}
          onChange={(event) => type(event.currentTarget.value)}
        />
        <Select
          size="md"
          label={t('find.specialization')}
          data={specializations}
          placeholder={t('find.all')}
          clearable
          value={search.specialization ?? null}
          onChange={(value) => remember({ specialization: value ?? undefined })}
        />
      </search>
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Loading />}
      {data?.length === 0 && (
        <EmptyState icon="users" title={t('find.noneTitle')} lead={t('find.noneLead')} />
      )}
      {data && data.length > 0 && found?.length === 0 && (
        <EmptyState icon="search" title={t('find.emptyTitle')} lead={t('find.emptyLead')}>
          <Button variant="default" onClick={clear}>
            {t('find.clear')}
          </Button>
        </EmptyState>
      )}
      {found && found.length > 0 && (
        <>
          <p className={styles.count}>{t('find.count', { count: found.length })}</p>
          <ul className={styles.cards}>
            {found.map((doctor) => (
              <li key={doctor.id}>
                <Doctor doctor={doctor} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

function Doctor({ doctor }: { doctor: DoctorCard }) {
  const { t } = useTranslation()
  const nameId = `doctor-${doctor.id}`
  return (
    <Card role="article" aria-labelledby={nameId} className={styles.card}>
      <div className={styles.who}>
        <Initials name={doctor.name} size={52} />
        <div>
          <h2 id={nameId} className={styles.name}>
            {doctor.name}
          </h2>
          <p className={styles.soft}>{doctor.specialization}</p>
        </div>
      </div>
      <div className={styles.foot}>
        <NextFree doctor={doctor} />
        <Button
          variant={doctor.next_free ? 'filled' : 'default'}
          renderRoot={(props) => (
            <Link
              to="/doctors/$doctorId"
              params={{ doctorId: String(doctor.id) }}
              aria-label={t('find.chooseOf', { name: doctor.name })}
              {...props}
            />
          )}
        >
          {t('find.choose')}
        </Button>
      </div>
    </Card>
  )
}

function NextFree({ doctor }: { doctor: DoctorCard }) {
  const { t } = useTranslation()
  const clock = useClock(doctor.time_zone)
  const now = useNow()
  if (!doctor.next_free) return <p className={styles.none}>{t('find.noFree')}</p>
  const today = dateOf(now, clock.zone)
  const date = dateOf(doctor.next_free, clock.zone)
  const day =
    date === today
      ? t('mine.today')
      : date === addDays(today, 1)
        ? t('mine.tomorrow')
        : dayName(doctor.next_free, clock.zone, 'short')
  return (
    <div className={styles.free}>
      <span className={styles.freeLabel}>{t('find.nextFree')}</span>
      <span className={styles.freeTime} data-testid="next-free">
        {day}, <span className="numbers">{timeOf(doctor.next_free, clock)}</span>
      </span>
      <span className={styles.zone}>{zoneName(clock.zone, doctor.next_free)}</span>
    </div>
  )
}

function Loading() {
  const { t } = useTranslation()
  return (
    <div className={styles.cards} aria-busy="true">
      <span className="visually-hidden">{t('loading')}</span>
      {[1, 2, 3, 4, 5, 6].map((each) => (
        <Skeleton key={each} height={190} radius="lg" />
      ))}
    </div>
  )
}
