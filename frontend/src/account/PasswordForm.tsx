/** Another password; every other session ends with the old one. */
import { Button, PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { changePassword } from '../api/account'
import { useMe } from '../app/useMe'
import styles from '../settings/forms.module.css'
import { showToast } from '../ui/announcements'
import { ErrorNote } from '../ui/ErrorNote'
import { useFields } from '../ui/useFields'
import { sessionsKey } from './SessionList'

const empty = { old_password: '', new_password: '' }

export function PasswordForm() {
  const { t } = useTranslation()
  const me = useMe()
  const client = useQueryClient()
  const { form, values, wrong, set, input, refuse, refused } = useFields(empty)
  const changing = useMutation({
    mutationFn: () => changePassword(values.old_password, values.new_password),
    onSuccess: () => {
      set(empty)
      showToast(t('profile.passwordChanged'))
      void client.invalidateQueries({ queryKey: sessionsKey })
    },
    onError: (error: Error) => void refused(error),
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    const missing = {
      ...(values.old_password ? {} : { old_password: t('required') }),
      ...(values.new_password ? {} : { new_password: t('required') }),
    }
    if (changing.isPending || refuse(missing)) return
    changing.mutate()
  }

  const show = { 'aria-label': t('signIn.show') }
  return (
    <form ref={form} onSubmit={submit} className={styles.form} noValidate>
      {changing.error && !Object.values(wrong).some(Boolean) && <ErrorNote error={changing.error} />}
      {/* For password managers: whose password this is. */}
      <input type="hidden" autoComplete="username" value={me.username} readOnly />
      <div className={styles.pair}>
        <PasswordInput
          label={t('profile.oldPassword')}
          autoComplete="current-password"
          visibilityToggleButtonProps={show}
          {...input('old_password')}
        />
        <PasswordInput
          label={t('profile.newPassword')}
          autoComplete="new-password"
          visibilityToggleButtonProps={show}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          description={t('register.passwordHint')}
          {...input('new_password')}
        />
      </div>
      <div className={styles.foot}>
        <Button type="submit" loading={changing.isPending}>
          {t('profile.changePassword')}
        </Button>
      </div>
    </form>
  )
}
