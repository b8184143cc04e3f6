/** Name and password, on a page or over one. */
import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import { ErrorNote } from '../ui/ErrorNote'
import styles from './forms.module.css'
import { session } from './session'

interface Props {
  /** Who was signed in here before. */
  known?: string
  /** What else can be done here. */
  children?: ReactNode
}

export function SignInForm({ known = '', children }: Props) {
  const { t } = useTranslation()
  const [username, setUsername] = useState(known)
  const [password, setPassword] = useState('')
  const [missing, setMissing] = useState(false)
  const passwordField = useRef<HTMLInputElement>(null)
  const signIn = useMutation({
    mutationFn: () => session.signIn(username.trim(), password),
    onError: () => passwordField.current?.select(),
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    const incomplete = !username.trim() || !password
    setMissing(incomplete)
    if (!incomplete && !signIn.isPending) signIn.mutate()
  }

  return (
    <form onSubmit={submit} className={styles.form} noValidate>
      {signIn.error && <ErrorNote error={signIn.error} lead={refusal(signIn.error, t('error.signIn'))} />}
      <TextInput
        label={t('signIn.username')}
        size="md"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        data-autofocus={known ? undefined : true}
        value={username}
        error={missing && !username.trim() && t('register.required')}
        onChange={(event) => setUsername(event.currentTarget.value)}
      />
      <PasswordInput
        ref={passwordField}
        data-autofocus={known ? true : undefined}
        label={t('signIn.password')}
        size="md"
        autoComplete="current-password"
        value={password}
        error={missing && !password && t('register.required')}
        aria-invalid={missing && !password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': t('signIn.show') }}
      />
      <Button type="submit" size="md" loading={signIn.isPending}>
        {t('signIn.submit')}
      </Button>
      {children}
    </form>
  )
}

function refusal(error: unknown, words: string): string | undefined {
  return error instanceof Problem && error.status === 401 ? words : undefined
}
