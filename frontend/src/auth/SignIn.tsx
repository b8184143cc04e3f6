/** Signing in. */
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Cover } from './Cover'
import styles from './forms.module.css'
import { SignInForm } from './SignInForm'

export function SignIn() {
  const { t } = useTranslation()
  return (
    <Cover title={t('signIn.title')} lead={t('signIn.lead')}>
      <SignInForm>
        <Link to="/forgot-password" className={styles.forgot}>
          {t('signIn.forgot')}
        </Link>
      </SignInForm>
      <p className={styles.other}>
        {t('signIn.new')}{' '}
        <Link to="/register" search={(search) => search}>
          {t('signIn.register')}
        </Link>
      </p>
    </Cover>
  )
}
