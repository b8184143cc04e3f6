/** Lists come in pages; a mirror is true at its first page's number once all pages are loaded. */
const PAGE = 100

export interface Page {
  limit: number
  offset?: number
}

export async function allPages<
  Name extends string,
  Item,
  Answer extends { count: number } & Record<Name, Item[]>,
>(name: Name, load: (page: Page) => Promise<Answer>): Promise<Answer> {
  const first = await load({ limit: PAGE })
  const items = [...first[name]]
  while (items.length < first.count) {
    const page = await load({ limit: PAGE, offset: items.length })
    if (page[name].length === 0) break
    items.push(...page[name])
  }
  return { ...first, [name]: items }
}
