/** A doctor's times over the coming weeks, live. */
import { useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { loadSlots } from '../api/doctors'
import type { SlotsOfDoctor } from '../api/shapes'
import type { EventIn } from '../realtime/frames'
import { applyToSlots, changedDays, replaceDays, type SlotWindow } from '../realtime/slots'
import { useLive } from '../realtime/useLive'

export function useSlots(doctorId: number, { from, to }: SlotWindow) {
  const client = useQueryClient()
  const queryKey = ['slots', doctorId, from, to]
  const apply = useMemo(() => applyToSlots({ from, to }), [from, to])

  async function loadDays(days: SlotWindow) {
    try {
      const loaded = await loadSlots(doctorId, days.from, days.to)
      client.setQueryData<SlotsOfDoctor>(queryKey, (data) => data && replaceDays(data, loaded, days))
    } catch {
      // The whole window is asked for then, with the usual retries.
      void client.invalidateQueries({ queryKey, exact: true })
    }
  }

  return useLive<SlotsOfDoctor, EventIn<'slots.'>>({
    queryKey,
    load: (signal) => loadSlots(doctorId, from, to, signal),
    apply,
    after(event) {
      const days = changedDays(event, { from, to })
      if (days) void loadDays(days)
    },
  })
}
