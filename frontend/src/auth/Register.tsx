/** A new account, for a patient or a doctor. */
import { Button, PasswordInput, SegmentedControl, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import { ownZone } from '../time/clock'
import { ErrorNote } from '../ui/ErrorNote'
import { Cover } from './Cover'
import styles from './forms.module.css'
import { type Registration, session } from './session'

const empty = {
  first_name: '',
  last_name: '',
  email: '',
  username: '',
  specialization: '',
  password: '',
}

type Field = keyof typeof empty

export function Register() {
  const { t } = useTranslation()
  const [role, setRole] = useState<Registration['role']>('PATIENT')
  const [values, setValues] = useState(empty)
  const [wrong, setWrong] = useState<Partial<Record<Field, string>>>({})
  const form = useRef<HTMLFormElement>(null)
  const isDoctor = role === 'DOCTOR'

  const register = useMutation({
    mutationFn: () => {
      const { specialization, ...rest } = trimmed(values)
      return session.register({
        ...rest,
        role,
        time_zone: ownZone(),
        ...(isDoctor ? { specialization } : {}),
      })
    },
    onError: (error) => {
      const found = error instanceof Problem ? fieldWords(error) : {}
      setWrong(found)
      focusFirst(found)
    },
  })

  function focusFirst(found: Partial<Record<Field, string>>) {
    const first = Object.keys(found)[0]
    if (first) form.current?.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus()
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    const found: Partial<Record<Field, string>> = {}
    for (const field of Object.keys(empty) as Field[]) {
      if (field === 'specialization' && !isDoctor) continue
      if (!values[field].trim()) found[field] = t('register.required')
    }
    if (values.username.includes('@')) found.username = t('register.noAt')
    setWrong(found)
    focusFirst(found)
    if (Object.keys(found).length === 0 && !register.isPending) register.mutate()
  }

  const input = (field: Field) => ({
    name: field,
    size: 'md' as const,
    value: values[field],
    error: wrong[field],
    // Mantine's password field shows the error and does not say it.
    'aria-invalid': wrong[field] !== undefined,
    onChange: (event: FormEvent<HTMLInputElement>) => {
      const { value } = event.currentTarget
      setValues((before) => ({ ...before, [field]: value }))
      setWrong((before) => ({ ...before, [field]: undefined }))
    },
  })

  return (
    <Cover title={t('register.title')} lead={t(isDoctor ? 'register.leadDoctor' : 'register.lead')}>
      <form ref={form} onSubmit={submit} className={styles.form} noValidate>
        {register.error && !Object.values(wrong).some(Boolean) && <ErrorNote error={register.error} />}
        <div>
          <div className={styles.legend} id="role">
            {t('register.role')}
          </div>
          <SegmentedControl
            fullWidth
            size="md"
            aria-labelledby="role"
            value={role}
            onChange={(value) => setRole(value as Registration['role'])}
            data={[
              { value: 'PATIENT', label: t('register.patient') },
              { value: 'DOCTOR', label: t('register.doctor') },
            ]}
          />
        </div>
        <div className={styles.pair}>
          <TextInput label={t('register.firstName')} autoComplete="given-name" {...input('first_name')} />
          <TextInput label={t('register.lastName')} autoComplete="family-name" {...input('last_name')} />
        </div>
        {isDoctor && (
          <TextInput
            label={t('register.specialization')}
            description={t('register.specializationHint')}
            autoComplete="off"
            {...input('specialization')}
          />
        )}
        <TextInput label={t('register.email')} type="email" autoComplete="email" {...input('email')} />
        <TextInput
          label={t('register.username')}
          description={t('register.usernameHint')}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          {...input('username')}
        />
        <PasswordInput
          label={t('register.password')}
          description={t('register.passwordHint')}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': t('signIn.show') }}
          {...input('password')}
        />
        <Button type="submit" size="md" loading={register.isPending}>
          {t('register.submit')}
        </Button>
      </form>
      <p className={styles.other}>
        {t('register.have')}{' '}
        <Link to="/sign-in" search={(search) => search}>
          {t('register.signIn')}
        </Link>
      </p>
    </Cover>
  )
}

/** A password is taken as typed: spaces may be part of it. */
function trimmed(values: typeof empty): typeof empty {
  const entries = Object.entries(values).map(([field, value]) => [
    field,
    field === 'password' ? value : value.trim(),
  ])
  return Object.fromEntries(entries) as typeof empty
}

function fieldWords(problem: Problem): Partial<Record<Field, string>> {
  const known = problem.fields.filter(({ field }) => field in empty)
  return Object.fromEntries(known.map(({ field, detail }) => [field, detail]))
}
