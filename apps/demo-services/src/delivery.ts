import type { FastifyInstance } from 'fastify'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { createService, missing } from './service.ts'

const drivers = [
  { id: '101', name: 'Ines' },
  { id: '102', name: 'Marek' },
  { id: '103', name: 'Aiko' },
]

const assignments = Array.from({ length: 12 }, (_, index) => ({
  orderId: `${index + 1}`,
  driverId: drivers[index % drivers.length]?.id,
  etaMinutes: 8 + ((index * 7) % 25),
}))

/** Deliveries: drivers, who carries what, and a live track as server-sent events. */
export function buildDelivery(): FastifyInstance {
  const app = createService('delivery')
  app.get('/drivers', () => ({ drivers }))
  app.get<{ Querystring: { driver_id?: string } }>('/assignments', (request) => {
    const driver = request.query.driver_id
    return { assignments: assignments.filter(({ driverId }) => driver === undefined || driverId === driver) }
  })
  app.get<{ Params: { orderId: string } }>('/track/:orderId', async (request, reply) => {
    const { orderId } = request.params
    const assignment = assignments.find((candidate) => candidate.orderId === orderId)
    if (assignment === undefined) throw missing('delivery of order', orderId)
    reply.header('content-type', 'text/event-stream').header('cache-control', 'no-store')
    return reply.send(Readable.from(track(assignment.etaMinutes)))
  })
  return app
}

/** One event a second until the courier is at the door. */
async function* track(etaMinutes: number): AsyncGenerator<string> {
  for (let left = etaMinutes; left >= 0; left--) {
    yield `event: position\ndata: ${JSON.stringify({ minutesLeft: left })}\n\n`
    await delay(1000)
  }
}
