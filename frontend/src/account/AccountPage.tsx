/** One's own account: address, password, and where one is signed in. */
import { useTranslation } from 'react-i18next'
import { nameOf, useMe } from '../app/useMe'
import { PushSwitch } from '../push/PushSwitch'
import styles from '../settings/forms.module.css'
import { PageHead } from '../ui/PageHead'
import { Section } from '../ui/Section'
import { EmailForm } from './EmailForm'
import { PasswordForm } from './PasswordForm'
import { PreferencesForm } from './PreferencesForm'
import { SessionList } from './SessionList'

export function AccountPage() {
  const { t } = useTranslation()
  const me = useMe()
  return (
    <>
      <PageHead title={t('profile.title')} lead={t('profile.lead', { name: nameOf(me) })} />
      <div className={styles.page}>
        <Section title={t('profile.email')} lead={t('profile.emailLead')}>
          <EmailForm />
        </Section>
        <Section title={t('wishes.title')} lead={t('wishes.lead')}>
          <PreferencesForm />
        </Section>
        <Section title={t('profile.password')} lead={t('profile.passwordLead')}>
          <PasswordForm />
        </Section>
        <Section title={t('push.title')} lead={t('push.lead')}>
          <PushSwitch />
        </Section>
        <Section title={t('profile.sessions')} lead={t('profile.sessionsLead')}>
          <SessionList />
        </Section>
      </div>
    </>
  )
}
