import type { FastifyInstance } from 'fastify'
import { createService, missing } from './service.ts'

interface Restaurant {
  id: string
  name: string
  cuisine: string
  rating: number
  menu: { dish: string; priceCents: number; vegetarian: boolean }[]
}

const restaurants: readonly Restaurant[] = [
  {
    id: '1',
    name: 'Forno Vecchio',
    cuisine: 'italian',
    rating: 4.6,
    menu: [
      { dish: 'Margherita', priceCents: 950, vegetarian: true },
      { dish: 'Tagliatelle al ragù', priceCents: 1350, vegetarian: false },
    ],
  },
  {
    id: '2',
    name: 'Baan Lao',
    cuisine: 'thai',
    rating: 4.8,
    menu: [
      { dish: 'Pad Thai', priceCents: 1200, vegetarian: false },
      { dish: 'Green curry', priceCents: 1150, vegetarian: true },
    ],
  },
  {
    id: '3',
    name: 'Casa Pepe',
    cuisine: 'mexican',
    rating: 4.3,
    menu: [
      { dish: 'Tacos al pastor', priceCents: 1050, vegetarian: false },
      { dish: 'Rajas con crema', priceCents: 980, vegetarian: true },
    ],
  },
]

/** Restaurants and their menus: read-only, so everything carries an entity tag and may be cached for a minute. */
export function buildRestaurants(): FastifyInstance {
  const app = createService('restaurants')
  app.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 200 && !reply.hasHeader('cache-control')) {
      reply.header('cache-control', 'public, max-age=60, stale-while-revalidate=30, stale-if-error=600')
    }
  })
  app.get('/', () => ({ restaurants: restaurants.map(({ menu: _menu, ...summary }) => summary) }))
  app.get<{ Params: { id: string } }>('/:id', (request) => {
    const { menu: _menu, ...summary } = find(request.params.id)
    return summary
  })
  app.get<{ Params: { id: string } }>('/:id/menu', async (request, reply) => {
    const { id, menu } = find(request.params.id)
    reply.header('etag', `"menu-${id}-v1"`).header('surrogate-key', `menus restaurant-${id}`)
    return { restaurantId: id, menu }
  })
  return app
}

function find(id: string): Restaurant {
  const restaurant = restaurants.find((candidate) => candidate.id === id)
  if (restaurant === undefined) throw missing('restaurant', id)
  return restaurant
}
