/** A link to a new password, for whoever has forgotten theirs or never had one. */
import { Button, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { askForLink } from '../api/account'
import { ErrorNote } from '../ui/ErrorNote'
import { useFields } from '../ui/useFields'
import { Cover } from './Cover'
import styles from './forms.module.css'
import { Told } from './Told'

export function ForgotPassword() {
  const { t } = useTranslation()
  const { form, values, wrong, input, refuse, refused } = useFields({ email: '' })
  const asking = useMutation({ mutationFn: askForLink, onError: (error: Error) => void refused(error) })
  const email = values.email.trim()

  function submit(event: FormEvent) {
    event.preventDefault()
    if (asking.isPending || refuse(email ? {} : { email: t('required') })) return
    asking.mutate(email)
  }

  if (asking.isSuccess) {
    return (
      <Cover title={t('forgot.sent')} lead={t('forgot.sentLead')}>
        <Told>{t('forgot.sentTo', { email: asking.variables })}</Told>
        <p className={styles.other}>
          <Link to="/sign-in">{t('forgot.back')}</Link>
        </p>
      </Cover>
    )
  }
  return (
    <Cover title={t('forgot.title')} lead={t('forgot.lead')}>
      <form ref={form} onSubmit={submit} className={styles.form} noValidate>
        {asking.error && !wrong.email && <ErrorNote error={asking.error} />}
        <TextInput
          label={t('register.email')}
          type="email"
          size="md"
          autoComplete="email"
          data-autofocus
          {...input('email')}
        />
        <Button type="submit" size="md" loading={asking.isPending}>
          {t('forgot.submit')}
        </Button>
      </form>
      <p className={styles.other}>
        <Link to="/sign-in">{t('forgot.back')}</Link>
      </p>
    </Cover>
  )
}
