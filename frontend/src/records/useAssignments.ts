/** The doctors who may read all records of a patient, true as assignments begin and end. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { loadAssignments } from '../api/assignments'
import { useTopic } from '../realtime/useTopic'
import { announce } from '../ui/announcements'

/** `topic` is where this person is told of them: the patient in their own, staff at the desk; nobody else may ask. */
export function useAssignments(patient: number, topic: 'desk' | `user.${number}` | undefined) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const queryKey = ['assignments', patient]
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => loadAssignments(patient, signal),
    enabled: topic !== undefined,
  })
  const load = () => void client.invalidateQueries({ queryKey, exact: true })
  useTopic(topic, {
    load,
    event(event) {
      if (event.type !== 'doctor.assigned' && event.type !== 'doctor.unassigned') return
      const isNew = event.type === 'doctor.assigned'
      const { patient: whose, doctor, why } = event.data
      if (whose.id !== patient || why !== 'patient') return
      load()
      announce(t(isNew ? 'team.assignedNow' : 'team.endedNow', { name: doctor.name }))
    },
  })
  return { ...query, load }
}
