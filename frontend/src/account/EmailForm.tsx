/** The address that mails go to: whether it is verified, and another one. */
import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { changeEmail, resendVerification } from '../api/account'
import { meKey, useMe } from '../app/useMe'
import styles from '../settings/forms.module.css'
import { showToast } from '../ui/announcements'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { useFields } from '../ui/useFields'
import own from './account.module.css'

export function EmailForm() {
  const { t } = useTranslation()
  const me = useMe()
  const [changing, setChanging] = useState(!me.email)
  const resending = useMutation({
    mutationFn: resendVerification,
    onSuccess: () => showToast(t('profile.resent', { email: me.email })),
  })
  const verified = me.email_verified_at !== null
  return (
    <>
      {me.email && (
        <div className={own.row}>
          <span className={own.address}>{me.email}</span>
          <span className={own.mark} data-good={verified || undefined}>
            <Icon name={verified ? 'check' : 'alert'} size={16} />
            {t(verified ? 'profile.verified' : 'profile.unverified')}
          </span>
        </div>
      )}
      {me.email_bounced_at && (
        <p className={own.bounced} role="status">
          {t('profile.bounced')}
        </p>
      )}
      {resending.error && <ErrorNote error={resending.error} />}
      <div className={styles.foot}>
        {me.email && !verified && (
          <Button variant="default" loading={resending.isPending} onClick={() => resending.mutate()}>
            {t('profile.resend')}
          </Button>
        )}
        {!changing && (
          <Button variant="default" onClick={() => setChanging(true)}>
            {t('profile.changeEmail')}
          </Button>
        )}
      </div>
      {changing && <NewAddress onDone={() => setChanging(false)} />}
    </>
  )
}

function NewAddress({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const client = useQueryClient()
  const { form, values, wrong, input, refuse, refused } = useFields({ email: '', current_password: '' })
  const changing = useMutation({
    mutationFn: () => changeEmail(values.email.trim(), values.current_password),
    onSuccess: (user) => {
      client.setQueryData(meKey, user)
      showToast(t('profile.emailChanged', { email: user.email }))
      onDone()
    },
    onError: (error: Error) => void refused(error),
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    const missing = {
      ...(values.email.trim() ? {} : { email: t('required') }),
      ...(values.current_password ? {} : { current_password: t('required') }),
    }
    if (changing.isPending || refuse(missing)) return
    changing.mutate()
  }

  return (
    <form ref={form} onSubmit={submit} className={`${styles.form} ${own.inner}`} noValidate>
      {changing.error && !Object.values(wrong).some(Boolean) && <ErrorNote error={changing.error} />}
      <div className={styles.pair}>
        <TextInput label={t('profile.newEmail')} type="email" autoComplete="email" {...input('email')} />
        <PasswordInput
          label={t('profile.yourPassword')}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': t('signIn.show') }}
          {...input('current_password')}
        />
      </div>
      <div className={styles.foot}>
        <Button type="submit" loading={changing.isPending}>
          {t('save')}
        </Button>
        {me.email && (
          <Button variant="default" onClick={onDone}>
            {t('profile.cancel')}
          </Button>
        )}
      </div>
    </form>
  )
}
