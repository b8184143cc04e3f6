/** How many birthdays have passed. */

/** Both dates as `YYYY-MM-DD`. Who was born on 29 February is a year older on 1 March of other years. */
export function ageOn(today: string, born: string): number {
  const years = Number(today.slice(0, 4)) - Number(born.slice(0, 4))
  return today.slice(5) < born.slice(5) ? years - 1 : years
}
