import { apiKeyAuth, memoryKeys } from '@sluice/api-key-auth'
import fastify from 'fastify'

const app = fastify()
await app.register(apiKeyAuth, { store: memoryKeys() })

app.get('/health', () => ({ status: 'up' }))
app.get('/orders', { config: { apiKey: { scopes: ['orders:read'] } } }, (request) => ({
  hello: request.apiKey?.consumer,
}))

const { key } = await app.apiKeys.create({ consumer: 'mobile', scopes: ['orders:read'] })
const reply = await app.inject({ url: '/orders', headers: { 'x-api-key': key } })
console.log(reply.statusCode, reply.body) // 200 {"hello":"mobile"}
const refused = await app.inject('/orders')
console.log(refused.statusCode, refused.json().code) // 401 SLUICE_API_KEY_MISSING
await app.close()
