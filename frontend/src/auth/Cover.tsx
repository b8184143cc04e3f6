/** The page around signing in and registering. */
import { type ReactNode, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../ui/Icon'
import styles from './Cover.module.css'

interface Props {
  title: string
  lead: string
  children: ReactNode
}

export function Cover({ title, lead, children }: Props) {
  const { t } = useTranslation()
  useEffect(() => {
    document.title = `${title} · ${t('product')}`
  }, [title, t])
  return (
    <div className={styles.cover}>
      <aside className={styles.side}>
        <div className={styles.brand}>
          <Pulse />
          {t('product')}
        </div>
        <div>
          <p className={styles.line}>{t('cover.line')}</p>
          <ul className={styles.points}>
            {(['point1', 'point2', 'point3'] as const).map((point) => (
              <li key={point}>
                <Icon name="check" />
                {t(`cover.${point}`)}
              </li>
            ))}
          </ul>
        </div>
      </aside>
      <main className={styles.main}>
        <div className={styles.body}>
          <img src="/assets/mark.svg" alt="" width={40} height={40} className={styles.mark} />
          <h1 className={styles.title}>{title}</h1>
          <p className={styles.lead}>{lead}</p>
          {children}
        </div>
      </main>
    </div>
  )
}

function Pulse() {
  return (
    <svg aria-hidden="true" width="34" height="34" viewBox="0 0 32 32">
      <rect width="32" height="32" rx="9" fill="rgb(255 255 255 / 14%)" />
      <path
        d="M7 17h4.2l2.6-7 4.4 13 2.7-6H25"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
