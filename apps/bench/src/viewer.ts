import { once } from 'node:events'
import { request } from 'undici'
import { WebSocket } from 'ws'

/** An open dashboard. */
export interface Viewer {
  /** When it was told that a breaker is in a state, ms since the epoch. */
  sees(breaker: string, state: string): Promise<number>
  close(): void
}

/** Opens the live feed of the dashboard at this origin, as its page does. */
export async function openViewer(origin: string): Promise<Viewer> {
  const { body } = await request(`${origin}/monitor/ticket`, { method: 'POST', headers: { origin } })
  const { ticket } = (await body.json()) as { ticket: string }
  const socket = new WebSocket(
    `${origin.replace('http', 'ws')}/monitor/live`,
    ['sluice-live', `ticket.${ticket}`],
    {
      origin,
    },
  )
  await once(socket, 'message')
  return {
    sees: (breaker, state) =>
      new Promise((resolve) => {
        const onMessage = (data: Buffer): void => {
          const at = Date.now()
          if (!tells(data, breaker, state)) return
          socket.off('message', onMessage)
          resolve(at)
        }
        socket.on('message', onMessage)
      }),
    close: () => socket.terminate(),
  }
}

/** Whether a frame says so. Most are counters alone, and as long as there are breakers: those are not parsed. */
function tells(data: Buffer, breaker: string, state: string): boolean {
  if (!data.includes(`"${state}"`)) return false
  const { rows } = JSON.parse(data.toString()) as { rows: { name: string; state?: string }[] }
  return rows.some((row) => row.name === breaker && row.state === state)
}
