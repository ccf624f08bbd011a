/** A route whose answers are kept for a minute, and purged by tag when the menu changes. */
import responseCache from '@sluice/response-cache'
import fastify from 'fastify'

const app = fastify()
await app.register(responseCache, { memory: { maxBytes: 16 * 1024 * 1024 } })

let price = 7

app.get(
  '/menu/:dish',
  { config: { responseCache: { defaultTtl: 60_000, tags: ['menu'] } } },
  async (request) => ({ ...(request.params as { dish: string }), price }),
)

app.put('/price', async () => {
  price += 1
  return app.responseCache.purge({ tag: 'menu' })
})

for (const [method, url] of [
  ['GET', '/menu/soup'],
  ['GET', '/menu/soup'],
  ['PUT', '/price'],
  ['GET', '/menu/soup'],
] as const) {
  const { headers, body } = await app.inject({ method, url })
  console.log(method, url, headers['x-cache'] ?? '-', body)
}
await app.close()
