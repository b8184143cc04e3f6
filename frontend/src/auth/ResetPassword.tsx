/** A new password by a mailed link, the first one too. */
import { Button, PasswordInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { setPassword } from '../api/account'
import { Problem } from '../api/problem'
import { ErrorNote } from '../ui/ErrorNote'
import { useFields } from '../ui/useFields'
import { Cover } from './Cover'
import styles from './forms.module.css'
import { Told } from './Told'
import { useLinkToken } from './useLinkToken'

export function ResetPassword() {
  const token = useLinkToken()
  return <NewPassword key={token} token={token} />
}

function NewPassword({ token }: { token: string }) {
  const { t } = useTranslation()
  const { form, values, wrong, input, refuse, refused } = useFields({ password: '' })
  const setting = useMutation({
    mutationFn: () => setPassword(token, values.password),
    onError: (error: Error) => void refused(error),
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    if (setting.isPending || refuse(values.password ? {} : { password: t('required') })) return
    setting.mutate()
  }

  if (setting.isSuccess) {
    return (
      <Cover title={t('reset.done')} lead={t('reset.doneLead')}>
        <Told>{t('reset.doneNote')}</Told>
        {/* `replace`: the page before is one that has done its work. */}
        <Button size="md" mt="lg" fullWidth renderRoot={(props) => <Link to="/sign-in" replace {...props} />}>
          {t('signIn.submit')}
        </Button>
      </Cover>
    )
  }
  if (!token || (setting.error instanceof Problem && setting.error.field('token'))) {
    return (
      <Cover title={t('reset.dead')} lead={t('reset.deadLead')}>
        {setting.error && <ErrorNote error={setting.error} />}
        <Button size="md" mt="lg" fullWidth renderRoot={(props) => <Link to="/forgot-password" {...props} />}>
          {t('forgot.submit')}
        </Button>
      </Cover>
    )
  }
  return (
    <Cover title={t('reset.title')} lead={t('reset.lead')}>
      <form ref={form} onSubmit={submit} className={styles.form} noValidate>
        {setting.error && !wrong.password && <ErrorNote error={setting.error} />}
        <PasswordInput
          label={t('reset.password')}
          description={t('register.passwordHint')}
          size="md"
          autoComplete="new-password"
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': t('signIn.show') }}
          {...input('password')}
        />
        <Button type="submit" size="md" loading={setting.isPending}>
          {t('reset.submit')}
        </Button>
      </form>
    </Cover>
  )
}
