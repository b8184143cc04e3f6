/** An approval changes the doctor's open page at once; a rejection ends the session itself. */
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { preferencesKey } from '../account/usePreferences'
import type { User } from '../api/shapes'
import { useTopic } from '../realtime/useTopic'
import { showToast } from '../ui/announcements'
import { isPending } from './navigation'
import { meKey, useMe } from './useMe'

export function useOwnChanges(): void {
  const me = useMe()
  const client = useQueryClient()
  const router = useRouter()
  const { t } = useTranslation()

  async function load() {
    const before = client.getQueryData<User>(meKey)
    await client.refetchQueries({ queryKey: meKey, exact: true })
    const after = client.getQueryData<User>(meKey)
    if (!before || !after) return
    if (isPending(before) && !isPending(after)) showToast(t('pending.approved'))
    if (before.role !== after.role || before.is_approved !== after.is_approved) await router.invalidate()
  }

  useTopic(`user.${me.id}`, {
    event(event) {
      if (event.type === 'doctor.approved') void load()
      if (event.type === 'preferences.changed') {
        client.setQueryData(preferencesKey, event.data)
        void client.invalidateQueries({ queryKey: meKey, exact: true })
      }
    },
    load() {
      void client.invalidateQueries({ queryKey: preferencesKey, exact: true })
      // The decision may have fallen between loading the page and watching.
      if (isPending(me)) void load()
    },
  })
}
