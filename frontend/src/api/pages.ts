/** Lists come in pages; a mirror is true at its first page's number once all pages are loaded. */
const PAGE = 100

export interface Page {
  limit: number
  offset?: number
  after?: string
}

export async function allPages<
  Name extends string,
  Item,
  Answer extends { next: string | null } & Record<Name, Item[]>,
>(name: Name, load: (page: Page) => Promise<Answer>): Promise<Answer> {
  const first = await load({ limit: PAGE })
  const items = [...first[name]]
  let { next } = first
  while (next) {
    const page: Answer = await load(pageAt(next))
    items.push(...page[name])
    next = page.next
  }
  return { ...first, [name]: items }
}

/** Behind the last row there was: an offset alone would pass over one when another leaves the pages before. */
function pageAt(next: string): Page {
  const query = new URL(next, window.location.origin).searchParams
  const after = query.get('after')
  return { limit: PAGE, offset: Number(query.get('offset')), ...(after ? { after } : {}) }
}
