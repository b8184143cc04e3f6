/** A new clinic's first day: from an empty system to the first patient who can book. */
import { Button, Skeleton } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { nameOf } from '../app/useMe'
import { AvailabilityForm } from '../hours/AvailabilityForm'
import { useAvailability, useComingVisits } from '../hours/DoctorHours'
import { AccountForm } from '../settings/AccountForm'
import { ClinicForm } from '../settings/ClinicForm'
import { ClosuresEditor } from '../settings/ClosuresEditor'
import { RoomsEditor } from '../settings/RoomsEditor'
import { ownZone } from '../time/clock'
import { Card } from '../ui/Card'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { PageHead } from '../ui/PageHead'
import styles from './FirstDayPage.module.css'
import { leaveForLater, usePlace } from './place'
import {
  hasHours,
  isOptional,
  nextStep,
  type Place,
  STEPS,
  type Step,
  stepAfter,
  stepsDone,
  workingDoctors,
} from './steps'

export type Shown = Step | 'done'

export function FirstDayPage() {
  const { t } = useTranslation()
  const search = useSearch({ from: '/inside/first-day' })
  const navigate = useNavigate({ from: '/first-day' })
  const { place, error, refetch } = usePlace()
  const card = useRef<HTMLElement>(null)
  const show = (step: Shown) => void navigate({ search: { step } })

  const done = place && stepsDone(place)
  const shown: Shown | undefined = search.step ?? (done && (nextStep(done) ?? 'done'))
  const before = useRef(shown)
  // Whoever goes on by keyboard or screen reader is led into the next step.
  useEffect(() => {
    if (before.current !== undefined && shown !== before.current) card.current?.focus()
    before.current = shown
  }, [shown])

  return (
    <>
      <PageHead title={t('firstDay.title')} lead={t('firstDay.lead')}>
        {shown !== 'done' && (
          <Button
            variant="default"
            onClick={leaveForLater}
            renderRoot={(props) => <Link to="/desk" {...props} />}
          >
            {t('firstDay.later')}
          </Button>
        )}
      </PageHead>
      {!place && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!place && !error && <Skeleton height={460} radius="lg" aria-busy="true" />}
      {place && done && shown && (
        <div className={styles.columns}>
          <nav aria-label={t('firstDay.steps')}>
            <ol className={styles.steps}>
              {STEPS.map((step) => (
                <li key={step}>
                  <button
                    type="button"
                    className={styles.step}
                    aria-current={step === shown ? 'step' : undefined}
                    data-done={done[step] || undefined}
                    onClick={() => show(step)}
                  >
                    <Icon name={done[step] ? 'done' : 'circle'} size={20} />
                    <span>{t(`firstDay.step.${step}`)}</span>
                    <span className={styles.state}>
                      {t(
                        done[step]
                          ? 'firstDay.done'
                          : isOptional(step)
                            ? 'firstDay.optional'
                            : 'firstDay.missing',
                      )}
                    </span>
                  </button>
                </li>
              ))}
            </ol>
          </nav>
          <section ref={card} tabIndex={-1} className={styles.stage} aria-labelledby="step-title">
            <Card className={styles.card}>
              {shown === 'done' ? (
                <Done place={place} missing={nextStep(done)} onGo={show} />
              ) : (
                <StepOf step={shown} place={place} onDone={() => show(stepAfter(shown) ?? 'done')} />
              )}
            </Card>
          </section>
        </div>
      )}
    </>
  )
}

interface StepProps {
  step: Step
  place: Place
  onDone: () => void
}

function StepOf({ step, place, onDone }: StepProps) {
  const { t } = useTranslation()
  const { clinic } = place
  switch (step) {
    case 'clinic':
      return (
        <Words title={t('firstDay.clinicTitle')} lead={t('firstDay.clinicLead')}>
          <ClinicForm clinic={clinic} zone={ownZone()} submit={t('firstDay.saveOn')} onSaved={onDone} />
        </Words>
      )
    case 'rooms':
      return (
        <Words title={t('firstDay.roomsTitle')} lead={t('firstDay.roomsLead')}>
          <h3 className={styles.part}>{t('rooms.title')}</h3>
          <RoomsEditor clinic={clinic} />
          <h3 className={styles.part}>{t('closures.title')}</h3>
          <ClosuresEditor clinic={clinic} />
          <On onDone={onDone}>
            {t(clinic.rooms.length + clinic.closures.length > 0 ? 'firstDay.on' : 'firstDay.none')}
          </On>
        </Words>
      )
    case 'doctor':
      return <DoctorStep place={place} onDone={onDone} />
    case 'hours':
      return <HoursStep place={place} onDone={onDone} />
    case 'desk':
      return <DeskStep place={place} onDone={onDone} />
  }
}

function DoctorStep({ place, onDone }: Omit<StepProps, 'step'>) {
  const { t } = useTranslation()
  const doctors = workingDoctors(place.doctors)
  return (
    <Words title={t('firstDay.doctorTitle')} lead={t('firstDay.doctorLead')}>
      {doctors.length > 0 && (
        <>
          <p className={styles.there}>
            <Icon name="done" />
            {t('firstDay.there', { names: doctors.map(nameOf).join(', ') })}
          </p>
          <On onDone={onDone}>{t('firstDay.on')}</On>
          <h3 className={styles.part}>{t('firstDay.another')}</h3>
        </>
      )}
      <AccountForm
        key={doctors.length}
        roles={['DOCTOR']}
        submit={t(doctors.length > 0 ? 'account.create' : 'firstDay.saveOn')}
        isSecond={doctors.length > 0}
        onMade={doctors.length > 0 ? () => undefined : onDone}
      />
    </Words>
  )
}

function HoursStep({ place, onDone }: Omit<StepProps, 'step'>) {
  const { t } = useTranslation()
  const doctors = workingDoctors(place.doctors)
  const doctor = doctors.find((each) => !hasHours(each)) ?? doctors[0]
  return (
    <Words
      title={doctor ? t('firstDay.hoursTitle', { name: nameOf(doctor) }) : t('firstDay.step.hours')}
      lead={t(doctor ? 'firstDay.hoursLead' : 'firstDay.hoursNobody')}
    >
      {doctor && <HoursOf key={doctor.id} doctorId={doctor.id} onDone={onDone} />}
    </Words>
  )
}

function HoursOf({ doctorId, onDone }: { doctorId: number; onDone: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { data, error, refetch } = useAvailability(doctorId)
  const visits = useComingVisits(doctorId).data?.appointments ?? []
  if (!data) {
    return error ? (
      <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
    ) : (
      <Skeleton height={380} radius="md" aria-busy="true" />
    )
  }
  return (
    <AvailabilityForm
      suggest
      whose={doctorId}
      availability={data}
      visits={visits}
      submit={t('firstDay.saveOn')}
      onSaved={(availability) => {
        client.setQueryData(['availability', doctorId], availability)
        // On with the next step first: this one would turn to the next doctor without hours.
        onDone()
        void client.invalidateQueries({ queryKey: ['doctor-accounts'] })
      }}
    />
  )
}

function DeskStep({ place, onDone }: Omit<StepProps, 'step'>) {
  const { t } = useTranslation()
  const there = place.receptionists.filter((person) => person.is_active)
  return (
    <Words title={t('firstDay.deskTitle')} lead={t('firstDay.deskLead')}>
      {there.length > 0 && (
        <>
          <p className={styles.there}>
            <Icon name="done" />
            {t('firstDay.there', { names: there.map(nameOf).join(', ') })}
          </p>
          <On onDone={onDone}>{t('firstDay.on')}</On>
          <h3 className={styles.part}>{t('firstDay.another')}</h3>
        </>
      )}
      <AccountForm
        key={there.length}
        roles={['RECEPTIONIST']}
        submit={t('account.create')}
        isSecond={there.length > 0}
        onMade={onDone}
      >
        {there.length === 0 && (
          <Button variant="default" onClick={onDone}>
            {t('firstDay.noDesk')}
          </Button>
        )}
      </AccountForm>
    </Words>
  )
}

interface DoneProps {
  place: Place
  missing: Step | undefined
  onGo: (step: Step) => void
}

function Done({ place, missing, onGo }: DoneProps) {
  const { t } = useTranslation()
  const isOpen = missing === undefined || isOptional(missing)
  return (
    <Words
      title={t(isOpen ? 'firstDay.openTitle' : 'firstDay.notYetTitle', { name: place.clinic.name })}
      lead={t(isOpen ? 'firstDay.openLead' : 'firstDay.notYetLead')}
    >
      <div className={styles.actions}>
        {missing && !isOpen && <Button onClick={() => onGo(missing)}>{t(`firstDay.step.${missing}`)}</Button>}
        <Button
          variant={isOpen ? 'filled' : 'default'}
          onClick={leaveForLater}
          renderRoot={(props) => <Link to="/desk" {...props} />}
        >
          {t('firstDay.toBoard')}
        </Button>
        <Button variant="default" renderRoot={(props) => <Link to="/settings/staff" {...props} />}>
          {t('firstDay.moreStaff')}
        </Button>
      </div>
    </Words>
  )
}

function Words({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <>
      <h2 id="step-title" className={styles.title}>
        {title}
      </h2>
      <p className={styles.lead}>{lead}</p>
      {children}
    </>
  )
}

function On({ onDone, children }: { onDone: () => void; children: ReactNode }) {
  return (
    <div className={styles.on}>
      <Button rightSection={<Icon name="chevronRight" />} onClick={onDone}>
        {children}
      </Button>
    </div>
  )
}
