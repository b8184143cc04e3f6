import { expect, it } from 'vitest'
import { allPages, type Page } from './pages'

it('goes on behind the last row of the page before', async () => {
  const after = '2027-03-01T09:00:00+00:00,17'
  const next = `https://clinic.example/api/appointments/?limit=100&offset=2&after=${encodeURIComponent(after)}`
  const asked: Page[] = []

  const all = await allPages('items', async (page) => {
    asked.push(page)
    return asked.length === 1 ? { items: [1, 2], next } : { items: [3], next: null }
  })

  expect(all.items).toEqual([1, 2, 3])
  expect(asked).toEqual([{ limit: 100 }, { limit: 100, offset: 2, after }])
})
