/** The switch that has this browser told of news while no tab is open. */
import { Skeleton, Switch } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useMe } from '../app/useMe'
import styles from '../settings/forms.module.css'
import { ErrorNote } from '../ui/ErrorNote'
import { type PushState, pushState, turnPushOff, turnPushOn } from './browser'

const key = ['push']

export function PushSwitch() {
  const { t } = useTranslation()
  const me = useMe()
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: pushState,
    // Permissions change outside of the page.
    refetchOnWindowFocus: true,
    staleTime: 0,
  })
  const turning = useMutation({
    mutationFn: (on: boolean) => (on ? turnPushOn(me.id) : turnPushOff()),
    onSuccess: (state: PushState) => client.setQueryData(key, state),
    onError: () => void refetch(),
  })

  if (!data && error) {
    return <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
  }
  if (!data) return <Skeleton height={44} radius="md" aria-busy="true" />
  if (data === 'unsupported' || data === 'blocked') return <p className={styles.note}>{t(`push.${data}`)}</p>
  return (
    <div className={styles.form}>
      {turning.error && <ErrorNote error={turning.error} title={t('push.failed')} />}
      <Switch
        size="md"
        label={t('push.switch')}
        description={t('push.says')}
        checked={turning.isPending ? turning.variables : data === 'on'}
        disabled={turning.isPending}
        onChange={(event) => turning.mutate(event.currentTarget.checked)}
      />
    </div>
  )
}
