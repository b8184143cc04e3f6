import { expect, test } from 'vitest'
import { lanesOf } from './lanes'

test('visits after each other share one lane', () => {
  const lanes = lanesOf([
    { id: 1, start: 0, end: 10 },
    { id: 2, start: 10, end: 20 },
  ])
  expect(lanes.get(1)).toEqual({ lane: 0, of: 1 })
  expect(lanes.get(2)).toEqual({ lane: 0, of: 1 })
})

test('visits at the same time stand side by side', () => {
  const lanes = lanesOf([
    { id: 1, start: 0, end: 30 },
    { id: 2, start: 10, end: 20 },
    { id: 3, start: 20, end: 40 },
  ])
  expect(lanes.get(1)).toEqual({ lane: 0, of: 2 })
  expect(lanes.get(2)).toEqual({ lane: 1, of: 2 })
  expect(lanes.get(3)).toEqual({ lane: 1, of: 2 })
})
