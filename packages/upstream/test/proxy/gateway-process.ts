/** A gateway in a process of its own, which says where it listens and, when asked, how far its memory has grown. */
import fastify from 'fastify'
import { createUpstream, directProxy } from '../../src/index.ts'

const EVERY_MS = 10

let least = Infinity
let most = 0
setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), EVERY_MS).unref()

const app = fastify({ forceCloseConnections: true })
const upstream = createUpstream({ name: 'files', origins: process.argv[2] ?? '' })
await app.register(directProxy, { upstream })
process.send?.({ url: await app.listen({ port: 0, host: '127.0.0.1' }) })
process.on('message', (question) => {
  if (question === 'start') least = most = process.memoryUsage.rss()
  process.send?.({ grownBytes: most - least })
})
process.once('disconnect', () => process.exit())
