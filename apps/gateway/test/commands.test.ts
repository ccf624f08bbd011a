import { type Test, test } from 'tap'
import { skipWithout } from '../../../test/binary.ts'
import { freePort, startRedis } from '../../../test/redis.ts'
import { check } from '../src/commands/check.ts'
import { keys } from '../src/commands/keys.ts'
import { start } from '../src/commands/start.ts'
import { UsageError } from '../src/commands/usage.ts'
import type { ConfigError } from '../src/config/problem.ts'
import { startGateway, startUpstream } from './fixtures.ts'

type Command = (args: string[]) => Promise<void>

/** What a command prints. */
async function printed(t: Test, command: Command, ...args: string[]): Promise<string> {
  const log = t.capture(console, 'log')
  try {
    await command(args)
    return log()
      .map(({ args: [line] }) => String(line))
      .join('\n')
  } finally {
    log.restore()
  }
}

function complaint(command: Promise<unknown>): Promise<ConfigError> {
  return command.then(
    () => {
      throw new Error('nothing was refused')
    },
    (error: ConfigError) => error,
  )
}

test('check: a good configuration is said to be good, and nothing listens', async (t) => {
  const port = await freePort()
  const dir = t.testdir({
    'gateway.yaml': `server: { port: ${port} }\nservices: { orders: { prefix: /orders, upstream: "http://127.0.0.1:1" } }\n`,
  })
  t.match(
    await printed(t, check, '--config', `${dir}/gateway.yaml`),
    'The configuration is good: 1 service(s): orders',
  )
  await t.rejects(fetch(`http://127.0.0.1:${port}/livez`))
})

test('check: what only a part can tell is a problem too', async (t) => {
  const dir = t.testdir({
    'keys.yaml': 'keys: [{ id: a, hash: nonsense, consumer: b }]\n',
    'gateway.yaml': `auth: { keys: { file: keys.yaml } }
services: { orders: { prefix: /orders, upstream: "http://127.0.0.1:1" } }
`,
  })
  const error = await complaint(check(['--config', `${dir}/gateway.yaml`]))
  t.match(error.message, 'hash')
})

test('check: a Redis that does not answer is named, unless one is offline', async (t) => {
  const dir = t.testdir({
    'gateway.yaml': `redis: { url: "redis://127.0.0.1:${await freePort()}" }
services: { orders: { prefix: /orders, upstream: "http://127.0.0.1:1", responseCache: true } }
`,
  })
  const { problems } = await complaint(check(['--config', `${dir}/gateway.yaml`]))
  t.match(problems, [{ path: 'redis.url', received: /ECONNREFUSED/, expected: 'a Redis that answers PING' }])
  t.match(await printed(t, check, '--config', `${dir}/gateway.yaml`, '--offline'), 'good')
})

test('start refuses what check refuses, and flags that there are not', async (t) => {
  const dir = t.testdir({ 'gateway.yaml': 'services: {}\n' })
  const asked = await complaint(check(['--config', `${dir}/gateway.yaml`]))
  const started = await complaint(start(['--config', `${dir}/gateway.yaml`]))
  t.equal(started.message, asked.message)
  t.ok((await complaint(start(['--prot', '1']))) instanceof UsageError)
})

test('keys of a file: made, used by a running gateway, revoked', async (t) => {
  const upstream = await startUpstream(t)
  const dir = t.testdir({
    'keys.yaml': 'keys: []\n',
    'gateway.yaml': `auth: { keys: { file: keys.yaml } }
services: { orders: { prefix: /orders, upstream: "${upstream.url}" } }
`,
  })
  const here = ['--config', `${dir}/gateway.yaml`]
  const created = JSON.parse(await printed(t, keys, 'create', ...here, '--consumer', 'acme', '--json')) as {
    key: string
    record: { id: string }
  }
  const { app } = await startGateway(t, {
    auth: { keys: { file: `${dir}/keys.yaml` } },
    services: { orders: { prefix: '/orders', upstream: upstream.url } },
  })
  const status = async () =>
    (await app.inject({ url: '/orders/1', headers: { 'x-api-key': created.key } })).statusCode
  t.equal(await status(), 200)
  t.match(await printed(t, keys, 'list', '--file', `${dir}/keys.yaml`), 'acme')
  await printed(t, keys, 'revoke', created.record.id, ...here)
  for (let tries = 0; tries < 500 && (await status()) === 200; tries++) {
    await new Promise((again) => setTimeout(again, 20))
  }
  t.equal(await status(), 401)
})

test('keys of a configuration without any are a problem', async (t) => {
  const dir = t.testdir({
    'gateway.yaml': 'services: { orders: { prefix: /orders, upstream: "http://127.0.0.1:1" } }\n',
  })
  const errors = t.capture(console, 'error')
  await keys(['list', '--config', `${dir}/gateway.yaml`])
  t.match(errors()[0]?.args[0], /auth: received nothing/)
  t.equal(process.exitCode, 1)
  process.exitCode = 0
})

test('keys in Redis', { skip: skipWithout('redis-server') }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { record } = JSON.parse(
    await printed(t, keys, 'create', '--redis', redis.url, '--consumer', 'acme', '--json'),
  ) as { record: { id: string } }
  t.match(await printed(t, keys, 'show', record.id, '--redis', redis.url), 'acme')
})
