/** Instants read as wall-clock time in a named zone. */

export type Hours = '12' | '24'

export interface Clock {
  zone: string
  hours: Hours
}

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Formatters are costly to make and a calendar asks for hundreds. */
function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options)
  let found = formatters.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone })
    formatters.set(key, found)
  }
  return found
}

export function timeOf(instant: string | number | Date, clock: Clock): string {
  const text = formatter(clock.zone, {
    hour: clock.hours === '12' ? 'numeric' : '2-digit',
    minute: '2-digit',
    hourCycle: clock.hours === '12' ? 'h12' : 'h23',
  }).format(new Date(instant))
  return text.replace(' am', ' AM').replace(' pm', ' PM')
}

/** The full hours of an axis need no minutes where a.m. or p.m. says that it is a time. */
export function hourOf(instant: number, clock: Clock): string {
  const time = timeOf(instant, clock)
  return clock.hours === '12' ? time.replace(':00', '') : time
}

/** The calendar date at that instant, as `YYYY-MM-DD`. */
export function dateOf(instant: string | number | Date, zone: string): string {
  const parts = formatter(zone, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(
    new Date(instant),
  )
  const part = (type: string) => parts.find((entry) => entry.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}`
}

/** Minutes since that zone's midnight, by the wall clock. */
export function minutesOf(instant: string | number | Date, zone: string): number {
  const parts = formatter(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(
    new Date(instant),
  )
  const part = (type: string) => Number(parts.find((entry) => entry.type === type)?.value ?? 0)
  return part('hour') * 60 + part('minute')
}

export function dayName(
  instant: string | number | Date,
  zone: string,
  form: 'long' | 'short' = 'long',
): string {
  return formatter(zone, {
    weekday: form,
    day: 'numeric',
    month: form,
  }).format(new Date(instant))
}

/** A calendar date has no zone: it is read at noon UTC so that no zone can shift it. */
export function noonOf(date: string): Date {
  return new Date(`${date}T12:00:00Z`)
}

export function dateName(date: string, options: Intl.DateTimeFormatOptions): string {
  return formatter('UTC', options).format(noonOf(date))
}

export function addDays(date: string, days: number): string {
  const day = noonOf(date)
  day.setUTCDate(day.getUTCDate() + days)
  return day.toISOString().slice(0, 10)
}

export function daysBetween(from: string, to: string): number {
  return Math.round((noonOf(to).getTime() - noonOf(from).getTime()) / 86_400_000)
}

/** `Lisbon time, GMT+1`: the place people know and the offset that settles doubt. */
export function zoneName(zone: string, at: string | number | Date = Date.now()): string {
  const offset = formatter(zone, { timeZoneName: 'shortOffset' })
    .formatToParts(new Date(at))
    .find((part) => part.type === 'timeZoneName')?.value
  if (zone === 'UTC' || zone === 'Etc/UTC') return 'UTC'
  const place = (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ')
  return `${place} time, ${offset}`
}

/** The instant at which that zone's clocks show these minutes since midnight (the first of two, where it occurs twice). */
export function instantAt(date: string, minutes: number, zone: string): number {
  const wall = Date.parse(`${date}T00:00:00Z`) + minutes * 60_000
  const offsetAt = (instant: number) => {
    const shown = Date.parse(`${dateOf(instant, zone)}T00:00:00Z`) + minutesOf(instant, zone) * 60_000
    return shown - Math.floor(instant / 60_000) * 60_000
  }
  const first = wall - offsetAt(wall - 86_400_000)
  return offsetAt(first) === offsetAt(wall - 86_400_000) ? first : wall - offsetAt(first)
}
