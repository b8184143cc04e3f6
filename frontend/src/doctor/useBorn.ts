/** When a patient was born, and how old that makes them, in one phrase. */
import { useTranslation } from 'react-i18next'
import type { PatientCard } from '../api/shapes'
import { dateName, dateOf } from '../time/clock'
import { useClock } from '../time/useClock'
import { useNow } from '../time/useNow'
import { ageOn } from './age'

export function useBorn({ date_of_birth }: Pick<PatientCard, 'date_of_birth'>): string | undefined {
  const { t } = useTranslation()
  const today = dateOf(useNow(), useClock('UTC').zone)
  if (!date_of_birth) return undefined
  return t('myPatients.born', {
    date: dateName(date_of_birth, { day: 'numeric', month: 'long', year: 'numeric' }),
    age: ageOn(today, date_of_birth),
  })
}
