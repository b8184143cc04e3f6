/** A new account for somebody of the clinic. */
import { Button, PasswordInput, SegmentedControl, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { createAccount } from '../api/people'
import type { NewAccount, User } from '../api/shapes'
import { nameOf } from '../app/useMe'
import { showToast } from '../ui/announcements'
import { useAttempt } from '../ui/attempt'
import { ErrorNote } from '../ui/ErrorNote'
import { useFields } from '../ui/useFields'
import styles from './forms.module.css'

export type StaffRole = 'DOCTOR' | 'RECEPTIONIST' | 'ADMIN'

interface Props {
  /** One role only, or the choice between these. */
  roles: readonly [StaffRole, ...StaffRole[]]
  submit: string
  onMade: (person: User) => void
  /** Something else on the page is what most people will press. */
  isSecond?: boolean
  /** What else can be done here, beside the button. */
  children?: ReactNode
}

export function AccountForm({ roles, submit, onMade, isSecond, children }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const attempt = useAttempt()
  const [role, setRole] = useState<StaffRole>(roles[0])
  const { form, values, wrong, input, refuse, refused } = useFields({
    first_name: '',
    last_name: '',
    specialization: '',
    email: '',
    username: '',
    password: '',
  })

  const making = useMutation({
    mutationFn: (account: NewAccount) => createAccount(account, attempt.keyFor(account)),
    onSuccess: (person) => {
      attempt.settled()
      void client.invalidateQueries({ queryKey: ['people'] })
      void client.invalidateQueries({ queryKey: ['doctor-accounts'] })
      showToast(t('account.made', { name: nameOf(person) }))
      onMade(person)
    },
    onError: (error: Error) => void refused(error),
  })

  function save(event: FormEvent) {
    event.preventDefault()
    if (making.isPending) return
    const { first_name, last_name } = values
    const missing = {
      ...(first_name.trim() ? {} : { first_name: t('required') }),
      ...(last_name.trim() ? {} : { last_name: t('required') }),
    }
    if (refuse(missing)) return
    making.mutate({
      role,
      first_name: first_name.trim(),
      last_name: last_name.trim(),
      email: values.email.trim(),
      username: values.username.trim(),
      ...(role === 'DOCTOR' ? { specialization: values.specialization.trim() } : {}),
      ...(values.password ? { password: values.password } : {}),
    })
  }

  return (
    <form ref={form} onSubmit={save} className={styles.form} noValidate>
      {making.error && !Object.values(wrong).some(Boolean) && <ErrorNote error={making.error} />}
      {roles.length > 1 && (
        <SegmentedControl
          fullWidth
          aria-label={t('account.roleLabel')}
          value={role}
          onChange={(value) => setRole(value as StaffRole)}
          data={roles.map((each) => ({ value: each, label: t(`account.role.${each}`) }))}
        />
      )}
      <div className={styles.pair}>
        <TextInput label={t('register.firstName')} autoComplete="off" {...input('first_name')} />
        <TextInput label={t('register.lastName')} autoComplete="off" {...input('last_name')} />
      </div>
      {role === 'DOCTOR' && (
        <TextInput
          label={t('register.specialization')}
          description={t('register.specializationHint')}
          autoComplete="off"
          {...input('specialization')}
        />
      )}
      <div className={styles.pair}>
        <TextInput
          label={t('account.email')}
          description={t('account.emailHint')}
          type="email"
          autoComplete="off"
          {...input('email')}
        />
        <TextInput
          label={t('account.username')}
          description={t('account.usernameHint')}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          {...input('username')}
        />
      </div>
      <PasswordInput
        label={t('account.password')}
        description={t('account.passwordHint')}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': t('signIn.show') }}
        {...input('password')}
      />
      <div className={styles.foot}>
        <Button type="submit" variant={isSecond ? 'default' : 'filled'} loading={making.isPending}>
          {submit}
        </Button>
        {children}
      </div>
    </form>
  )
}
