/** Lists come in pages; a mirror is true at its first page's number once all pages are loaded. */
import { type Call, call } from './http'

const PAGE = 100

export async function allPages<Name extends string, Item, Answer extends Record<Name, Item[]>>(
  path: string,
  name: Name,
  options: Call = {},
): Promise<Answer> {
  const first = await call<Answer & { count?: number }>('GET', path, {
    ...options,
    query: { ...options.query, limit: PAGE },
  })
  const items = [...first[name]]
  while (items.length < (first.count ?? 0)) {
    const page = await call<Answer>('GET', path, {
      ...options,
      query: { ...options.query, limit: PAGE, offset: items.length },
    })
    if (page[name].length === 0) break
    items.push(...page[name])
  }
  return { ...first, [name]: items }
}
