/** The way back in when a session ends under an open page; the page and what is typed in it stay. */
import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Dialog } from '../ui/Dialog'
import styles from './forms.module.css'
import { SignInForm } from './SignInForm'
import { session } from './session'

export function SessionDialog({ open }: { open: boolean }) {
  const { t } = useTranslation()
  return (
    <Dialog opened={open} title={t('signIn.again')} zIndex={500}>
      <p className={styles.lead}>{t('signIn.againLead')}</p>
      <SignInForm />
      <Button variant="subtle" fullWidth mt="sm" onClick={() => void session.signOut()}>
        {t('signIn.notYou')}
      </Button>
    </Dialog>
  )
}
