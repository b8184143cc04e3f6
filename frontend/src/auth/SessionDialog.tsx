/** The way back in when a session ends under an open page; the page and what is typed in it stay. */
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { User } from '../api/shapes'
import { isPending } from '../app/navigation'
import { meKey } from '../app/useMe'
import { Dialog } from '../ui/Dialog'
import styles from './forms.module.css'
import { SignInForm } from './SignInForm'
import { session } from './session'

export function SessionDialog({ open }: { open: boolean }) {
  const { t } = useTranslation()
  const me = useQueryClient().getQueryData<User>(meKey)
  // A rejection reaches the doctor in no other way: the account is closed before a word could be said.
  const lead = me && isPending(me) ? t('pending.ended') : t('signIn.againLead')
  return (
    <Dialog opened={open} title={t('signIn.again')} zIndex={500}>
      <p className={styles.lead}>{lead}</p>
      <SignInForm known={me?.username} />
      <Button variant="subtle" fullWidth mt="sm" onClick={() => void session.signOut()}>
        {t('signIn.notYou')}
      </Button>
    </Dialog>
  )
}
