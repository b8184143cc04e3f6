/** Where the link in a verification mail leads. */
import { Button, Skeleton } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { verifyEmail } from '../api/account'
import { Problem } from '../api/problem'
import { meKey } from '../app/useMe'
import { ErrorNote } from '../ui/ErrorNote'
import { Cover } from './Cover'
import { Told } from './Told'
import { useLinkToken } from './useLinkToken'

export function VerifyEmail() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const token = useLinkToken()
  // Asked once per link, however often the page is drawn; asking twice would do no harm.
  const { data, error, refetch } = useQuery({
    queryKey: ['verify-email', token],
    queryFn: async () => {
      await verifyEmail(token)
      void client.invalidateQueries({ queryKey: meKey })
      return true
    },
    staleTime: 'static',
    retry: false,
    enabled: token !== '',
  })
  const isDead = !token || (error instanceof Problem && error.field('token') !== undefined)
  const state = data ? 'done' : isDead ? 'dead' : 'asking'
  return (
    <Cover title={t(`verify.${state}`)} lead={t(`verify.${state}Lead`)}>
      {data && <Told>{t('verify.doneNote')}</Told>}
      {error && <ErrorNote error={error} onRetry={isDead ? undefined : () => void refetch()} />}
      {!data && !error && token && <Skeleton height={48} radius="md" aria-busy="true" />}
      {(data || error || !token) && (
        <Button size="md" mt="lg" fullWidth renderRoot={(props) => <Link to="/" {...props} />}>
          {t('verify.go')}
        </Button>
      )}
    </Cover>
  )
}
