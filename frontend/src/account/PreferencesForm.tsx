/** How one wants to be told: on which ways, how long before a visit, and when not. */
import { Button, Checkbox, Select, Skeleton, Switch, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { changePreferences } from '../api/preferences'
import type { Preferences, PreferencesChange } from '../api/shapes'
import { meKey, useMe } from '../app/useMe'
import styles from '../settings/forms.module.css'
import { useClinic } from '../settings/useClinic'
import { showToast } from '../ui/announcements'
import { ErrorNote } from '../ui/ErrorNote'
import { LeadTimes, leadNames } from '../ui/LeadTimes'
import own from './PreferencesForm.module.css'
import { preferencesKey, usePreferences } from './usePreferences'

const NIGHT = { from: '22:00', until: '07:00' }
/** Those that mails are written in, by their own names. */
const LANGUAGES: Record<string, string> = { en: 'English', de: 'Deutsch' }

export function PreferencesForm() {
  const { t } = useTranslation()
  const { data, error, refetch } = usePreferences()
  if (data) return <Form stored={data} />
  if (error) return <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
  return <Skeleton height={420} radius="md" aria-busy="true" />
}

/** Only what was touched here is this person's draft; the rest follows their other devices. */
function Form({ stored }: { stored: Preferences }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [draft, setDraft] = useState<PreferencesChange>({})
  const saving = useMutation({
    mutationFn: changePreferences,
    onSuccess: (preferences) => {
      client.setQueryData(preferencesKey, preferences)
      void client.invalidateQueries({ queryKey: meKey, exact: true })
      setDraft({})
      showToast(t('wishes.saved'))
    },
  })
  const shown = { ...stored, ...draft, channels: { ...stored.channels, ...draft.channels } }
  const set = (change: PreferencesChange) => setDraft((before) => ({ ...before, ...change }))
  const isTouched = Object.keys(draft).length > 0

  function save(event: FormEvent) {
    event.preventDefault()
    if (!saving.isPending) saving.mutate(draft)
  }

  return (
    <form onSubmit={save} className={styles.form} noValidate data-testid="preferences">
      <Channels
        chosen={shown.channels}
        onChange={(change) => set({ channels: { ...draft.channels, ...change } })}
      />
      <Reminders chosen={shown.lead_times ?? null} onChange={(lead_times) => set({ lead_times })} />
      <Quiet chosen={shown.quiet_hours ?? null} onChange={(quiet_hours) => set({ quiet_hours })} />
      <Language chosen={shown.language} onChange={(language) => set({ language })} />
      {saving.error && <ErrorNote error={saving.error} />}
      <div className={styles.foot}>
        <Button type="submit" loading={saving.isPending}>
          {t('wishes.save')}
        </Button>
        {isTouched && <span className={styles.soft}>{t('wishes.unsaved')}</span>}
      </div>
    </form>
  )
}

interface ChannelsProps {
  chosen: Preferences['channels']
  onChange: (change: NonNullable<PreferencesChange['channels']>) => void
}

function Channels({ chosen, onChange }: ChannelsProps) {
  const { t } = useTranslation()
  const { email, phone_number: number } = useMe()
  const mailed = email ? t('wishes.emailHint', { email }) : t('wishes.emailNone')
  const rows = [
    { name: 'email', label: t('wishes.email'), hint: `${mailed} ${t('wishes.emailAlways')}` },
    { name: 'push', label: t('wishes.push'), hint: t('wishes.pushHint') },
    {
      name: 'sms',
      label: t('wishes.sms'),
      hint: number ? t('wishes.smsHint', { number }) : t('wishes.smsNone'),
    },
  ] as const
  return (
    <fieldset className={own.group}>
      <legend className={own.legend}>{t('wishes.channels')}</legend>
      <Switch checked disabled label={t('wishes.inApp')} description={t('wishes.inAppHint')} readOnly />
      {rows.map(({ name, label, hint }) => (
        <Switch
          key={name}
          label={label}
          description={hint}
          checked={chosen[name]}
          onChange={(event) => onChange({ [name]: event.currentTarget.checked })}
        />
      ))}
    </fieldset>
  )
}

interface RemindersProps {
  chosen: string[] | null
  onChange: (leads: string[] | null) => void
}

/** Visits are patients'. */
function Reminders({ chosen, onChange }: RemindersProps) {
  const { t } = useTranslation()
  const me = useMe()
  const clinic = useClinic().data
  if (me.role !== 'PATIENT' || !clinic) return null
  const usual = clinic.reminders ?? clinic.usual_reminders
  return (
    <LeadTimes
      label={t('wishes.leads')}
      hint={t('wishes.leadsNow')}
      usual={t('wishes.asClinic', { when: leadNames(usual, t) })}
      own={t('wishes.own')}
      usualLeads={usual}
      value={chosen}
      onChange={onChange}
    />
  )
}

interface QuietProps {
  chosen: Preferences['quiet_hours']
  onChange: (hours: Preferences['quiet_hours']) => void
}

function Quiet({ chosen, onChange }: QuietProps) {
  const { t } = useTranslation()
  return (
    <fieldset className={own.group}>
      <legend className={own.legend}>{t('wishes.quiet')}</legend>
      <Checkbox
        label={t('wishes.quietOn')}
        description={t('wishes.quietHint')}
        checked={chosen !== null}
        onChange={(event) => onChange(event.currentTarget.checked ? NIGHT : null)}
      />
      {chosen && (
        <div className={own.hours}>
          {(['from', 'until'] as const).map((end) => (
            <TextInput
              key={end}
              type="time"
              required
              withAsterisk={false}
              label={t(`wishes.${end}`)}
              value={chosen[end]}
              onChange={(event) => onChange({ ...chosen, [end]: event.currentTarget.value })}
            />
          ))}
        </div>
      )}
    </fieldset>
  )
}

function Language({ chosen, onChange }: { chosen: string; onChange: (language: string) => void }) {
  const { t } = useTranslation()
  const known = Object.keys(LANGUAGES)
  const all = known.includes(chosen) ? known : [...known, chosen]
  return (
    <Select
      label={t('wishes.language')}
      description={t('wishes.languageHint')}
      maw={320}
      allowDeselect={false}
      data={all.map((value) => ({ value, label: LANGUAGES[value] ?? value }))}
      value={chosen}
      onChange={(language) => language && onChange(language)}
    />
  )
}
