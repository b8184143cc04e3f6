/** A refused or failed call, as the service tells of it (RFC 9457) or as the network left it. */
import type { Duplicate } from './shapes'

export interface FieldProblem {
  field: string
  code: string
  detail: string
}

interface ProblemBody {
  title?: string
  detail?: string
  code?: string
  request_id?: string
  errors?: FieldProblem[]
  alternatives?: string[]
  allowed?: string[]
  possible_duplicates?: Duplicate[]
}

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly requestId: string | undefined
  readonly fields: FieldProblem[]
  /** The next free starts, where a time was refused. */
  readonly alternatives: string[]
  /** Patients who may be the one that was to be added. */
  readonly duplicates: Duplicate[]
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, body: ProblemBody = {}, headers?: Headers) {
    super(body.detail || body.title || `HTTP ${status}`)
    this.name = 'Problem'
    this.status = status
    this.code = body.code || (status === 0 ? 'unreachable' : `http_${status}`)
    this.requestId = body.request_id ?? headers?.get('x-request-id') ?? undefined
    this.fields = body.errors ?? []
    this.alternatives = body.alternatives ?? []
    this.duplicates = body.possible_duplicates ?? []
    const retryAfter = Number(headers?.get('retry-after'))
    this.retryAfterSeconds = Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined
  }

  /** The service could not be asked at all; the same request may well succeed later. */
  static unreachable(): Problem {
    return new Problem(0)
  }

  get isTransient(): boolean {
    return this.status === 0 || this.status >= 500
  }

  field(name: string): string | undefined {
    return this.fields.find((entry) => entry.field === name)?.detail
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  let body: ProblemBody = {}
  try {
    body = (await response.json()) as ProblemBody
  } catch {
    // A proxy's HTML page or an empty answer: the status says all there is to know.
  }
  return new Problem(response.status, body, response.headers)
}
