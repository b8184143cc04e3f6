/** Puts visits that overlap side by side. */
export interface Span {
  id: number
  start: number
  end: number
}

export interface Lane {
  lane: number
  of: number
}

export function lanesOf(spans: Span[]): Map<number, Lane> {
  const placed = new Map<number, Lane>()
  let group: { span: Span; lane: number }[] = []
  let groupEnd = Number.NEGATIVE_INFINITY

  function close() {
    const of = Math.max(0, ...group.map(({ lane }) => lane)) + 1
    for (const { span, lane } of group) placed.set(span.id, { lane, of })
    group = []
  }

  for (const span of spans.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (span.start >= groupEnd) close()
    const busy = new Set(group.filter((other) => other.span.end > span.start).map(({ lane }) => lane))
    let lane = 0
    while (busy.has(lane)) lane += 1
    group.push({ span, lane })
    groupEnd = Math.max(groupEnd, span.end)
  }
  close()
  return placed
}
