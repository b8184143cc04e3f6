/** The hook shows who is present in its topic, as the connection is told, and forgets with it. */
import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { expect, test, vi } from 'vitest'
import { RealtimeClient } from './client'
import { ConnectionContext } from './connection'
import { usePresence } from './usePresence'

function Names() {
  return usePresence('record.9').map((viewer) => viewer.name)
}

test('shows who is present, and nobody once the topic is lost', async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  const socket = { readyState: WebSocket.OPEN, send: vi.fn(), close: vi.fn() } as unknown as WebSocket
  const client = new RealtimeClient({
    url: 'ws://clinic/ws/',
    token: async () => 'token',
    isSessionOver: () => false,
    open: () => socket,
  })
  const push = (frame: object) =>
    act(() => socket.onmessage?.({ data: JSON.stringify(frame) } as MessageEvent<string>))
  client.watch('record.9', null, { event: vi.fn(), reset: vi.fn() })
  client.start()
  await vi.waitFor(() => expect(socket.onmessage).toBeTypeOf('function'))
  const page = document.createElement('p')
  const root = createRoot(page)
  act(() => root.render(<ConnectionContext value={client}>{<Names />}</ConnectionContext>))
  expect(page.textContent).toBe('')

  push({ op: 'presence', topic: 'record.9', watching: [{ id: 1, name: 'Ada', role: 'DOCTOR' }] })
  expect(page.textContent).toBe('Ada')
  push({ op: 'revoked', topic: 'record.9', reason: 'right_ended' })
  expect(page.textContent).toBe('')

  act(() => root.unmount())
  client.stop()
})
