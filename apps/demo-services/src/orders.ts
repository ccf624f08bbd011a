import type { FastifyInstance } from 'fastify'
import { createService, missing } from './service.ts'

export interface Order {
  id: string
  restaurantId: string
  status: 'pending' | 'preparing' | 'on-the-way' | 'delivered' | 'cancelled'
  items: { name: string; quantity: number; priceCents: number }[]
  totalCents: number
  placedAt: string
}

type NewOrder = Pick<Order, 'restaurantId' | 'items'>

const statuses: Order['status'][] = ['pending', 'preparing', 'on-the-way', 'delivered', 'cancelled']

const newOrderSchema = {
  type: 'object',
  required: ['restaurantId', 'items'],
  additionalProperties: false,
  properties: {
    restaurantId: { type: 'string', minLength: 1 },
    items: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['name', 'quantity', 'priceCents'],
        additionalProperties: false,
        properties: {
          name: { type: 'string', minLength: 1 },
          quantity: { type: 'integer', minimum: 1 },
          priceCents: { type: 'integer', minimum: 0 },
        },
      },
    },
  },
}

/** Orders: a list with a filter, one order, a new one, a change of status. Answers may be cached for ten seconds. */
export function buildOrders(): FastifyInstance {
  const app = createService('orders')
  const orders = new Map(exampleOrders().map((order) => [order.id, order]))

  app.get<{ Querystring: { status?: string } }>('/', async (request, reply) => {
    reply.header('cache-control', 'public, max-age=10')
    const { status } = request.query
    return { orders: [...orders.values()].filter((order) => status === undefined || order.status === status) }
  })
  app.get<{ Params: { id: string } }>('/:id', async (request, reply) => {
    reply.header('cache-control', 'public, max-age=10')
    return find(orders, request.params.id)
  })
  app.post<{ Body: NewOrder }>('/', { schema: { body: newOrderSchema } }, async (request, reply) => {
    const order = place(`${orders.size + 1}`, request.body, new Date())
    orders.set(order.id, order)
    return reply.code(201).header('location', `/${order.id}`).send(order)
  })
  app.patch<{ Params: { id: string }; Body: Pick<Order, 'status'> }>(
    '/:id',
    {
      schema: { body: { type: 'object', required: ['status'], properties: { status: { enum: statuses } } } },
    },
    async (request) => Object.assign(find(orders, request.params.id), { status: request.body.status }),
  )
  return app
}

function find(orders: Map<string, Order>, id: string): Order {
  const order = orders.get(id)
  if (order === undefined) throw missing('order', id)
  return order
}

function place(id: string, { restaurantId, items }: NewOrder, now: Date): Order {
  const totalCents = items.reduce((sum, item) => sum + item.quantity * item.priceCents, 0)
  return { id, restaurantId, status: 'pending', items, totalCents, placedAt: now.toISOString() }
}

function exampleOrders(): Order[] {
  const noon = Date.UTC(2026, 0, 15, 12)
  const dishes = [
    { name: 'Margherita', quantity: 1, priceCents: 950 },
    { name: 'Pad Thai', quantity: 2, priceCents: 1200 },
    { name: 'Green curry', quantity: 1, priceCents: 1150 },
  ]
  return Array.from({ length: 25 }, (_, index) => ({
    ...place(
      `${index + 1}`,
      { restaurantId: `${(index % 3) + 1}`, items: dishes.slice(0, (index % dishes.length) + 1) },
      new Date(noon + index * 420_000),
    ),
    status: statuses[index % statuses.length] ?? 'pending',
  }))
}
