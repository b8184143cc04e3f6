/** Which part of a long list is shown, and the way to its neighbours. Nothing where all of it is. */
import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Icon } from './Icon'
import styles from './Pager.module.css'

interface Props {
  /** What is turned, for those who do not see it. */
  label: string
  before: string
  after: string
  offset: number
  count: number
  page: number
  onTurn: (offset: number) => void
}

export function Pager({ label, before, after, offset, count, page, onTurn }: Props) {
  const { t } = useTranslation()
  if (count <= page && offset === 0) return null
  return (
    <nav aria-label={label} className={styles.pages}>
      <Button
        variant="default"
        leftSection={<Icon name="chevronLeft" />}
        disabled={offset === 0}
        onClick={() => onTurn(Math.max(0, offset - page))}
      >
        {before}
      </Button>
      <span className="numbers">
        {t('patients.range', { from: offset + 1, to: Math.min(offset + page, count), count })}
      </span>
      <Button
        variant="default"
        rightSection={<Icon name="chevronRight" />}
        disabled={offset + page >= count}
        onClick={() => onTurn(offset + page)}
      >
        {after}
      </Button>
    </nav>
  )
}
