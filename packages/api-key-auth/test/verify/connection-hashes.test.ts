import fastify from 'fastify'
import { test } from 'tap'
import { Client } from 'undici'
import { apiKeyAuth, memoryKeys } from '../../src/index.ts'

test('over one connection each request is judged by the key that it came with', async (t) => {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(apiKeyAuth, { store: memoryKeys() })
  const sockets = new Set<unknown>()
  app.get('/', { config: { apiKey: true } }, (request) => {
    sockets.add(request.raw.socket)
    return { consumer: request.apiKey?.consumer }
  })
  const client = new Client(await app.listen({ host: '127.0.0.1', port: 0 }))
  t.teardown(() => client.destroy())
  const ask = async (key: string): Promise<unknown> => {
    const { statusCode, body } = await client.request({
      path: '/',
      method: 'GET',
      headers: { 'x-api-key': key },
    })
    const answer = (await body.json()) as { consumer?: string }
    return statusCode === 200 ? answer.consumer : statusCode
  }
  const first = await app.apiKeys.create({ consumer: 'first' })
  const second = await app.apiKeys.create({ consumer: 'second' })
  t.equal(await ask(first.key), 'first')
  t.equal(await ask(first.key), 'first')
  t.equal(await ask(second.key), 'second')
  t.equal(await ask(first.key), 'first')
  const tampered = first.key.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
  t.equal(await ask(tampered), 401)
  t.equal(await ask(tampered), 401)
  t.equal(await ask(first.key), 'first')
  await app.apiKeys.revoke(first.record.id)
  t.equal(await ask(first.key), 401, 'what is remembered is the hash, never the verdict')
  t.equal(await ask(second.key), 'second')
  t.equal(sockets.size, 1)
})
