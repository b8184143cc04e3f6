/** A problem in words a person can act on. */
import type { TFunction } from 'i18next'
import { Problem } from '../api/problem'
import en from '../i18n/en.json'

type KnownCode = keyof typeof en.error.byCode
type KnownStatus = '400' | '401' | '403' | '404' | '409' | '412' | '422' | '429' | '500' | '503'

// From here on a wait is told in minutes.
const LONG_SECONDS = 90

export function problemWords(error: unknown, t: TFunction): string {
  if (!(error instanceof Problem)) return t('error.title')
  if (error.status === 429 && error.retryAfterSeconds) {
    const seconds = Math.ceil(error.retryAfterSeconds)
    if (seconds > LONG_SECONDS) return t('error.byStatus.429waitMinutes', { count: Math.ceil(seconds / 60) })
    return t('error.byStatus.429wait', { count: seconds })
  }
  if (error.code in en.error.byCode) return t(`error.byCode.${error.code as KnownCode}`)
  const status = error.status >= 500 && error.status !== 503 ? '500' : String(error.status)
  if (status === '400' && error.fields.length > 0) return error.fields.map((entry) => entry.detail).join(' ')
  if (status in en.error.byStatus) return t(`error.byStatus.${status as KnownStatus}`)
  return error.message
}
