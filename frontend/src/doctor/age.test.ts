import { expect, test } from 'vitest'
import { ageOn } from './age'

test('an age counts birthdays, not years begun', () => {
  expect(ageOn('2026-11-22', '1980-11-23')).toBe(45)
  expect(ageOn('2026-11-23', '1980-11-23')).toBe(46)
  expect(ageOn('2027-02-28', '2000-02-29')).toBe(26)
  expect(ageOn('2027-03-01', '2000-02-29')).toBe(27)
})
