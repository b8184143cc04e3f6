/** How the signed-in person wants to be told. */
import { api, dataOf } from './http'
import type { Preferences, PreferencesChange } from './shapes'

export async function loadPreferences(): Promise<Preferences> {
  return (await dataOf(api.GET('/api/users/me/preferences/'))).preferences
}

export async function changePreferences(change: PreferencesChange): Promise<Preferences> {
  return (await dataOf(api.PUT('/api/users/me/preferences/', { body: change }))).preferences
}
