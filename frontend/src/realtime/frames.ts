/** The frames of the socket protocol `clinic.v1` that this client reads. */
export interface EventFrame<Data = unknown> {
  op: 'event'
  topic: string
  seq: number
  id: string
  type: string
  at: string
  actor: { id: number; name: string } | null
  data: Data
  cause?: string
}

/** Somebody who is looking at a record right now. */
export interface Viewer {
  id: number
  name: string
  role: string
}

export interface FrameError {
  code: string
  message: string
  retryable?: boolean
  retry_after_ms?: number
}

export interface Reply {
  re: number
  ok: boolean
  error?: FrameError
  topic?: string
  head?: number
  epoch?: string
  mode?: 'resumed' | 'fresh' | 'reset'
  reason?: string
}

export type Push =
  | { op: 'welcome'; protocol: string; time: string; heartbeat_s?: number }
  | EventFrame
  | { op: 'live'; topic: string; seq: number }
  | { op: 'reset'; topic: string; reason: string }
  | { op: 'revoked'; topic: string; reason: string }
  | { op: 'presence'; topic: string; watching: Viewer[] }
  | { op: 'hb'; heads: Record<string, number>; time: string }
  | { op: 'auth.expiring'; expires_at: string }
  | {
      op: 'error'
      code: string
      message?: string
      reconnect?: 'yes' | 'no' | 'after'
      reconnect_in_ms?: number
    }

export type Incoming = Reply | Push

export function isReply(frame: Incoming): frame is Reply {
  return 're' in frame
}
