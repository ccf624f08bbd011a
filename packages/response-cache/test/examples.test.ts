import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { skipWithout } from '../../../test/binary.ts'
import { startRedis } from '../../../test/redis.ts'

/** What an example prints. */
async function run(name: string, env: Record<string, string> = {}): Promise<string> {
  const file = fileURLToPath(new URL(`../examples/${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  let complained = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()))
  const code = await new Promise((done) => child.once('close', done))
  if (code !== 0) throw new Error(`${name} left with ${String(code)}:\n${complained}`)
  return printed
}

test('menu.ts', async (t) => {
  t.equal(
    await run('menu'),
    [
      'GET /menu/soup MISS {"dish":"soup","price":7}',
      'GET /menu/soup HIT {"dish":"soup","price":7}',
      'PUT /price - {"purged":1}',
      'GET /menu/soup MISS {"dish":"soup","price":8}',
      '',
    ].join('\n'),
  )
})

test('redis.ts', { skip: skipWithout('redis-server') }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  t.match(
    await run('redis', { REDIS_URL: server.url }),
    /^MISS - \{"cookedBy":"first"\}\nHIT redis \{"cookedBy":"first"\}\nHIT memory \{"cookedBy":"first"\}\n$/,
  )
})
