/** A visit by a mailed link: in nobody's name, for whoever holds the link acts as the one it was mailed to. */
import { Problem, problemOf } from './problem'
import type { VisitAct, VisitOfLink } from './shapes'

export async function visitByLink(token: string, act: 'show' | VisitAct): Promise<VisitOfLink> {
  let response: Response
  try {
    response = await fetch('/api/appointments/by_link/', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token, act }),
    })
  } catch {
    throw Problem.unreachable()
  }
  if (!response.ok) throw await problemOf(response)
  return ((await response.json()) as { visit: VisitOfLink }).visit
}
