import { connect, type Socket } from 'node:net'
import { responseCache } from '@sluice/response-cache'
import { createUpstream, directProxy } from '@sluice/upstream'
import fastify from 'fastify'
import { test } from 'tap'
import { countingUpstream } from './upstream.ts'

/** How many pieces one answer comes in. */
function pieces(socket: Socket, path: string, end: string): Promise<number> {
  return new Promise((resolve) => {
    let count = 0
    let text = ''
    const onData = (chunk: Buffer): void => {
      count++
      text += chunk.toString()
      if (!text.endsWith(end)) return
      socket.off('data', onData)
      resolve(count)
    }
    socket.on('data', onData)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: guard\r\n\r\n`)
  })
}

for (const cached of [false, true]) {
  test(`${cached ? 'a cached' : 'a proxied'} answer is one write, head and body`, async (t) => {
    const { origin } = await countingUpstream(t)
    const upstream = createUpstream({ name: 'guard', origins: origin })
    const app = fastify()
    t.teardown(() => Promise.all([app.close(), upstream.close()]))
    await app.register(responseCache)
    await app.register(directProxy, { upstream, config: { responseCache: cached } })
    const address = await app.listen({ host: '127.0.0.1', port: 0 })
    const socket = connect(Number(new URL(address).port), '127.0.0.1')
    t.teardown(() => socket.destroy())
    const seen = new Set<number>()
    for (let request = 0; request < 20; request++)
      seen.add(await pieces(socket, '/items', '{"hello":"world"}'))
    t.same([...seen], [1])
  })
}
