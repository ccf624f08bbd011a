#!/usr/bin/env node
/**
 * Runs one demo service: `node dist/main.js orders`, on `PORT` (default 4000) and `HOST` (default 127.0.0.1). `profile` also
 * reads `AUTH_SERVICE_URL` and `REDIS_URL`.
 */
import { buildDemoService, demoServiceNames } from './start.ts'

const [requested] = process.argv.slice(2)
const name = demoServiceNames.find((candidate) => candidate === requested)
if (name === undefined) {
  console.error(`which service? one of: ${demoServiceNames.join(', ')}`)
  process.exit(1)
}
const app = buildDemoService(name, {
  authUrl: process.env.AUTH_SERVICE_URL ?? 'http://127.0.0.1:4005',
  redisUrl: process.env.REDIS_URL,
})
const address = await app.listen({
  host: process.env.HOST ?? '127.0.0.1',
  port: Number(process.env.PORT ?? 4000),
})
console.log(`${name} listens on ${address}`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close())
