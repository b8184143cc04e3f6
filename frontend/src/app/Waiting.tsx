/** The moment before it is known who is here. */
import { useTranslation } from 'react-i18next'
import styles from './Waiting.module.css'

interface Props {
  unreachable?: boolean
  /** Inside a page there is a `main` already. */
  as?: 'main' | 'div'
}

export function Waiting({ unreachable = false, as: Place = 'main' }: Props) {
  const { t } = useTranslation()
  return (
    <Place className={styles.waiting} aria-busy={!unreachable}>
      <img src="/assets/mark.svg" alt="" width={48} height={48} className={styles.mark} />
      {unreachable ? (
        <div role="status">
          <h1 className={styles.title}>{t('unreachable.title')}</h1>
          <p className={styles.lead}>{t('unreachable.lead')}</p>
        </div>
      ) : (
        <span className="visually-hidden">{t('loading')}</span>
      )}
    </Place>
  )
}
