/** The one polite live region, and the toasts beside it. */
import { useTranslation } from 'react-i18next'
import styles from './Announcer.module.css'
import { dismissToast, useSpoken, useToasts } from './announcements'
import { Icon } from './Icon'

export function Announcer() {
  const { t } = useTranslation()
  const toasts = useToasts()
  const spoken = useSpoken()
  return (
    <>
      <div role="status" aria-live="polite" className="visually-hidden">
        {spoken}
      </div>
      {/* A landmark, so that its words are not outside of everything; without words there is none. */}
      <section className={styles.toasts} aria-label={toasts.length > 0 ? t('toasts') : undefined}>
        {toasts.map((toast) => (
          <div key={toast.id} className={styles.toast} data-tone={toast.tone} data-testid="toast">
            <Icon name={toast.tone === 'good' ? 'done' : toast.tone === 'bad' ? 'alert' : 'bell'} />
            <span>{toast.text}</span>
            <button type="button" aria-label={t('close')} onClick={() => dismissToast(toast.id)}>
              <Icon name="close" size={16} />
            </button>
          </div>
        ))}
      </section>
    </>
  )
}
