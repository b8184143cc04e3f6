/** A patient who phoned. Who may be there already is shown before anybody is added. */
import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addPatient } from '../api/people'
import { Problem } from '../api/problem'
import type { Duplicate, NewPatient, User } from '../api/shapes'
import { nameOf } from '../app/useMe'
import styles from '../settings/forms.module.css'
import { dateName } from '../time/clock'
import { announce, showToast } from '../ui/announcements'
import { useAttempt } from '../ui/attempt'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { useFields } from '../ui/useFields'
import own from './NewPatientForm.module.css'

export function NewPatientForm({ onAdded }: { onAdded: (person: User) => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const attempt = useAttempt()
  const [duplicates, setDuplicates] = useState<Duplicate[]>([])
  const { form, values, wrong, input, refuse, refused } = useFields({
    first_name: '',
    last_name: '',
    date_of_birth: '',
    phone_number: '',
    email: '',
  })

  const adding = useMutation({
    mutationFn: (patient: NewPatient) => addPatient(patient, attempt.keyFor(patient)),
    onSuccess: ({ user }) => {
      attempt.settled()
      void client.invalidateQueries({ queryKey: ['patients'] })
      showToast(t('patients.added', { name: nameOf(user) }))
      onAdded(user)
    },
    onError: (error) => {
      if (!(error instanceof Problem) || error.isTransient) return
      attempt.settled()
      setDuplicates(error.duplicates)
      if (error.duplicates.length > 0) announce(t('patients.maybeThere', { count: error.duplicates.length }))
      else refused(error)
    },
  })

  function add(event: FormEvent | undefined, anyway: boolean) {
    event?.preventDefault()
    if (adding.isPending) return
    const trimmed = Object.fromEntries(
      Object.entries(values).map(([field, value]) => [field, value.trim()]),
    ) as typeof values
    const missing = {
      ...(trimmed.first_name ? {} : { first_name: t('required') }),
      ...(trimmed.last_name ? {} : { last_name: t('required') }),
    }
    if (refuse(missing)) return
    setDuplicates([])
    const { date_of_birth, ...rest } = trimmed
    adding.mutate({ ...rest, date_of_birth: date_of_birth || null, unless_duplicate: !anyway })
  }

  const isExplained = duplicates.length > 0 || Object.values(wrong).some(Boolean)
  return (
    <form ref={form} onSubmit={(event) => add(event, false)} className={styles.form} noValidate>
      {adding.error && !isExplained && <ErrorNote error={adding.error} />}
      <div className={styles.pair}>
        <TextInput
          label={t('register.firstName')}
          autoComplete="off"
          data-autofocus
          {...input('first_name')}
        />
        <TextInput label={t('register.lastName')} autoComplete="off" {...input('last_name')} />
      </div>
      <div className={styles.pair}>
        <TextInput label={t('patients.born')} type="date" {...input('date_of_birth')} />
        <TextInput label={t('patients.phone')} type="tel" autoComplete="off" {...input('phone_number')} />
      </div>
      <TextInput label={t('patients.email')} type="email" autoComplete="off" {...input('email')} />
      {duplicates.length > 0 && (
        <div className={own.maybe} data-testid="duplicates">
          <p className={own.title}>
            <Icon name="users" />
            {t('patients.maybeThere', { count: duplicates.length })}
          </p>
          <ul className={own.list}>
            {duplicates.map((duplicate) => (
              <li key={duplicate.id}>
                <span className={styles.grow}>
                  <span className={styles.strong}>{duplicate.name}</span>
                  <br />
                  <span className={own.facts}>{factsOf(duplicate)}</span>
                  <br />
                  <span className={own.facts}>
                    {t('patients.alike', {
                      what: duplicate.alike
                        .map((what) => t(`patients.alikeIn.${what as AlikeIn}`))
                        .join(', '),
                    })}
                  </span>
                </span>
                <Button
                  size="compact-sm"
                  renderRoot={(props) => (
                    <Link
                      to="/patients/$patientId/book"
                      params={{ patientId: String(duplicate.id) }}
                      {...props}
                    />
                  )}
                >
                  {t('patients.bookOf', { name: duplicate.name })}
                </Button>
              </li>
            ))}
          </ul>
          <Button variant="default" loading={adding.isPending} onClick={() => add(undefined, true)}>
            {t('patients.addAnyway')}
          </Button>
        </div>
      )}
      {duplicates.length === 0 && (
        <div className={styles.foot}>
          <Button type="submit" loading={adding.isPending}>
            {t('patients.addSubmit')}
          </Button>
        </div>
      )}
    </form>
  )
}

type AlikeIn = 'birth_date' | 'phone' | 'email' | 'name'

function factsOf({ date_of_birth, phone_number, email }: Duplicate): string {
  const born = date_of_birth && dateName(date_of_birth, { day: 'numeric', month: 'long', year: 'numeric' })
  return [born, phone_number, email].filter(Boolean).join(' · ')
}
