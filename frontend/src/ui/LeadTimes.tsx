/** How long before a visit somebody is reminded: as usual, or at times of one's own. */
import { Chip, Radio, Stack } from '@mantine/core'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import styles from './LeadTimes.module.css'

const OFFERED = ['7d', '3d', '2d', '1d', '12h', '4h', '2h', '1h', '30m']
const MOST = 5
const MINUTES = { d: 1440, h: 60, m: 1 } as const

interface Props {
  label: string
  hint: string
  /** The words of the first choice. */
  usual: string
  own: string
  /** What the choice begins with when it becomes one's own. */
  usualLeads: string[]
  value: string[] | null
  onChange: (leads: string[] | null) => void
}

export function LeadTimes({ label, hint, usual, own, usualLeads, value, onChange }: Props) {
  const { t } = useTranslation()
  const all = [...new Set([...OFFERED, ...(value ?? [])])].sort((a, b) => minutesOf(b) - minutesOf(a))
  const isFull = (value?.length ?? 0) >= MOST
  return (
    <Radio.Group
      label={label}
      description={hint}
      value={value ? 'own' : 'usual'}
      onChange={(which) => onChange(which === 'own' ? usualLeads.slice(0, MOST) : null)}
    >
      <Stack gap={10} mt={10}>
        <Radio value="usual" label={usual} />
        <Radio value="own" label={own} />
      </Stack>
      {value && (
        <div className={styles.own}>
          <Chip.Group
            multiple
            value={value}
            onChange={(leads) => onChange(leads.sort((a, b) => minutesOf(b) - minutesOf(a)))}
          >
            {all.map((lead) => (
              <Chip key={lead} value={lead} disabled={isFull && !value.includes(lead)}>
                {leadName(lead, t)}
              </Chip>
            ))}
          </Chip.Group>
          <p className={styles.note}>
            {value.length === 0 ? t('leads.noneChosen') : t('leads.most', { count: MOST })}
          </p>
        </div>
      )}
    </Radio.Group>
  )
}

/** `2 hours`, of `2h`. */
export function leadName(lead: string, t: TFunction): string {
  return t(`leads.${unitOf(lead)}`, { count: Number.parseInt(lead, 10) })
}

/** `1 day, 2 hours before`, or that there are none. */
export function leadNames(leads: string[], t: TFunction): string {
  if (leads.length === 0) return t('leads.none')
  return t('leads.before', { when: leads.map((lead) => leadName(lead, t)).join(', ') })
}

function unitOf(lead: string): keyof typeof MINUTES {
  const unit = lead.slice(-1)
  return unit === 'd' || unit === 'h' ? unit : 'm'
}

function minutesOf(lead: string): number {
  return Number.parseInt(lead, 10) * MINUTES[unitOf(lead)]
}
