/** The clinic's name and its time zone. */
import { Button, TextInput } from '@mantine/core'
import type { FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { Clinic } from '../api/shapes'
import { ErrorNote } from '../ui/ErrorNote'
import { useFields } from '../ui/useFields'
import { ZoneSelect } from '../ui/ZoneSelect'
import styles from './forms.module.css'
import { useClinicChange } from './useClinic'

interface Props {
  clinic: Clinic
  /** What the fields begin with, where the clinic has no name yet. */
  zone?: string
  submit: string
  onSaved: () => void
}

export function ClinicForm({ clinic, zone, submit, onSaved }: Props) {
  const { t } = useTranslation()
  const { form, values, wrong, set, input, refuse, refused } = useFields({
    name: clinic.name,
    time_zone: clinic.name ? clinic.time_zone : (zone ?? clinic.time_zone),
  })
  const change = useClinicChange(onSaved)

  function save(event: FormEvent) {
    event.preventDefault()
    if (change.isPending) return
    if (refuse(values.name.trim() ? {} : { name: t('required') })) return
    change.mutate({ ...values, name: values.name.trim() }, { onError: refused })
  }

  return (
    <form ref={form} onSubmit={save} className={styles.form} noValidate>
      {change.error && !Object.values(wrong).some(Boolean) && <ErrorNote error={change.error} />}
      <TextInput
        label={t('clinic.name')}
        description={t('clinic.nameHint')}
        maxLength={120}
        autoComplete="organization"
        {...input('name')}
      />
      <ZoneSelect
        label={t('clinic.zone')}
        value={values.time_zone}
        onChange={(time_zone) => set({ time_zone })}
        error={wrong.time_zone}
      />
      <div className={styles.foot}>
        <Button type="submit" loading={change.isPending}>
          {submit}
        </Button>
      </div>
    </form>
  )
}
