/** An IANA time zone, found by a part of its name. */
import { Select } from '@mantine/core'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { zoneName } from '../time/clock'

interface Props {
  label: string
  value: string
  onChange: (zone: string) => void
  error?: string
  className?: string
}

const SHOWN_MOST = 60

export function ZoneSelect({ label, value, onChange, error, className }: Props) {
  const { t } = useTranslation()
  const zones = useMemo(() => [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone'), value])], [value])
  return (
    <Select
      className={className}
      label={label}
      // The name alone does not say how far it is from the others.
      description={value === 'UTC' ? undefined : zoneName(value)}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      data={zones}
      value={value}
      searchable
      limit={SHOWN_MOST}
      allowDeselect={false}
      nothingFoundMessage={t('zone.none')}
      onChange={(zone) => zone && onChange(zone)}
      error={error}
    />
  )
}
