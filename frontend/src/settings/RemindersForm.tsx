/** When the clinic reminds patients of their visits who have not chosen themselves. */
import { Button } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Clinic } from '../api/shapes'
import { showToast } from '../ui/announcements'
import { ErrorNote } from '../ui/ErrorNote'
import { LeadTimes, leadNames } from '../ui/LeadTimes'
import styles from './forms.module.css'
import { useClinicChange } from './useClinic'

export function RemindersForm({ clinic }: { clinic: Clinic }) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState<string[] | null>()
  const change = useClinicChange(() => {
    setChosen(undefined)
    showToast(t('saved'))
  })

  function save(event: FormEvent) {
    event.preventDefault()
    if (!change.isPending) change.mutate({ reminders: chosen === undefined ? clinic.reminders : chosen })
  }

  return (
    <form onSubmit={save} className={styles.form}>
      {change.error && <ErrorNote error={change.error} />}
      <LeadTimes
        label={t('wishes.leads')}
        hint={t('reminders.now')}
        usual={t('reminders.usual', { when: leadNames(clinic.usual_reminders, t) })}
        own={t('reminders.own')}
        usualLeads={clinic.usual_reminders}
        value={chosen === undefined ? clinic.reminders : chosen}
        onChange={setChosen}
      />
      <div className={styles.foot}>
        <Button type="submit" loading={change.isPending}>
          {t('reminders.save')}
        </Button>
      </div>
    </form>
  )
}
