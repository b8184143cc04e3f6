/** A doctor's own working hours. */
import { useTranslation } from 'react-i18next'
import { useMe } from '../app/useMe'
import styles from '../settings/forms.module.css'
import { PageHead } from '../ui/PageHead'
import { DoctorHours } from './DoctorHours'

export function MyHoursPage() {
  const { t } = useTranslation()
  const me = useMe()
  return (
    <>
      <PageHead title={t('nav.hours')} lead={t('hours.pageLead')} />
      <div className={styles.page}>
        <DoctorHours doctorId={me.id} whose="own" />
      </div>
    </>
  )
}
