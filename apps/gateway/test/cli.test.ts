import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { freePort } from '../../../test/redis.ts'
import { startUpstream } from './fixtures.ts'

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const { NODE_OPTIONS, PATH, TAP_TYPE_STRIP_ONLY, _TAPJS_PROCESSINFO_COVERAGE_, ...rest } = process.env
const inherited = Object.fromEntries(Object.entries(rest).filter(([name]) => name.startsWith('_TAPJS')))
const baseEnv = { ...inherited, NODE_OPTIONS, PATH, TAP_TYPE_STRIP_ONLY, _TAPJS_PROCESSINFO_COVERAGE_ }

function sluice(args: string[], env: Record<string, string> = {}, cwd?: string): ChildProcess {
  return spawn(process.execPath, [cli, ...args], {
    env: { ...baseEnv, ...env },
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

async function run(args: string[], env?: Record<string, string>, cwd?: string) {
  const child = sluice(args, env, cwd)
  child.stdin?.end()
  const [out, err, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit'),
  ])
  return { out, err, code: code as number }
}

async function untilUp(url: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const isUp = await fetch(`${url}/livez`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isUp) return
    await delay(100)
  }
  throw new Error(`${url} did not come up`)
}

test('check lists what is wrong and exits with 1, without a stack', async (t) => {
  const dir = t.testdir({
    'bad.yaml': 'services: { orders: { prefix: orders, upstream: "http://127.0.0.1:1", retrys: 1 } }\n',
    'good.yaml': 'services: { orders: { prefix: /orders, upstream: "http://127.0.0.1:1" } }\n',
  })
  const bad = await run(['check', '--config', `${dir}/bad.yaml`])
  t.equal(bad.code, 1)
  t.match(bad.err, 'The configuration has 2 problems:')
  t.match(bad.err, 'services.orders.prefix: received "orders"')
  t.match(bad.err, 'services.orders.retrys')
  t.notMatch(bad.err, /\n\s+at /)
  const started = await run(['start', '--config', `${dir}/bad.yaml`])
  t.equal(started.code, 1)
  t.equal(started.err, bad.err, 'start says the same')
  const good = await run(['check', '--config', `${dir}/good.yaml`])
  t.strictSame([good.code, good.err], [0, ''])
  t.match(good.out, 'The configuration is good: 1 service(s): orders')
})

test('check names a Redis that does not answer', async (t) => {
  const env = { ORDERS_SERVICE_URL: 'http://127.0.0.1:1', REDIS_URL: `redis://127.0.0.1:${await freePort()}` }
  const online = await run(['check'], env, t.testdir())
  t.equal(online.code, 1)
  t.match(
    online.err,
    /redis\.url: received redis:\/\/127\.0\.0\.1:\d+ \(.*ECONNREFUSED.*\), expected a Redis that answers PING/,
  )
  t.equal((await run(['check', '--offline'], env, t.testdir())).code, 0)
})

test('commands and flags that there are not', async (t) => {
  const unknown = await run(['serve'])
  t.strictSame([unknown.code, unknown.out], [1, ''])
  t.match(unknown.err, "sluice knows no command 'serve'")
  t.match((await run(['start', '--prot', '1'])).err, '--prot')
  t.match((await run([])).out, 'sluice start')
})

test('start from the environment alone; SIGTERM lets the request in flight end', async (t) => {
  const upstream = await startUpstream(t)
  const port = await freePort()
  const env = { ORDERS_SERVICE_URL: upstream.url, API_KEY: 'open sesame', PORT: `${port}` }
  const child = sluice(['start'], env, t.testdir())
  t.teardown(() => child.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}`
  await untilUp(url)
  const headers = { 'x-api-key': 'open sesame' }
  t.equal((await fetch(`${url}/orders/1`)).status, 401)
  t.equal((await fetch(`${url}/orders/1`, { headers })).status, 200)
  t.equal(
    (await fetch(`${url}/stats/circuit-breakers`, { headers })).status,
    200,
    'the one key is the operator’s too',
  )

  upstream.server.removeAllListeners('request')
  const arrived = once(upstream.server, 'request')
  const slow = request(`${url}/orders/slow`, { headers })
  const answered = once(slow, 'response')
  slow.end()
  const [, held] = (await arrived) as [unknown, { end(body: string): void }]
  child.kill('SIGTERM')
  const log = text(child.stdout!)
  await delay(50)
  held.end('late')
  const [response] = (await answered) as [NodeJS.ReadableStream & { statusCode: number }]
  t.equal(response.statusCode, 200)
  t.equal(await text(response), 'late')
  t.strictSame(await once(child, 'exit'), [0, null])
  t.notMatch(await log, 'open sesame')
})

test('the demo prints all that one needs, and it works', async (t) => {
  const port = await freePort()
  const child = sluice(['demo'], { PORT: `${port}` }, t.testdir())
  t.teardown(() => child.kill('SIGKILL'))
  let printed = ''
  child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const url = `http://127.0.0.1:${port}`
  await untilUp(url)
  for (let tries = 0; tries < 100 && !printed.includes('Ctrl-C'); tries++) await delay(50)
  const key = /sluice_demo_\w+/.exec(printed)?.[0] ?? ''
  t.match(printed, `${url}/monitor`)
  t.equal(printed.match(/^ {2}curl /gm)?.length, 3)

  const menu = async () =>
    (await fetch(`${url}/restaurants/1/menu`, { headers: { 'x-api-key': key } })).headers.get('x-cache')
  t.strictSame([await menu(), await menu()], ['MISS', 'HIT'])
  t.equal((await fetch(`${url}/restaurants/1/menu`)).status, 401)
  child.kill('SIGINT')
  t.strictSame(await once(child, 'exit'), [0, null])
})

test('keys of the configuration’s file: made, used, revoked', async (t) => {
  const upstream = await startUpstream(t)
  const port = await freePort()
  const dir = t.testdir({
    'keys.yaml': 'keys: []\n',
    'gateway.yaml': `server: { port: ${port} }
auth: { keys: { file: keys.yaml } }
services: { orders: { prefix: /orders, upstream: "${upstream.url}" } }
`,
  })
  const created = await run(
    ['keys', 'create', '--config', 'gateway.yaml', '--consumer', 'acme', '--json'],
    {},
    dir,
  )
  t.equal(created.code, 0, created.err)
  const { key, record } = JSON.parse(created.out) as { key: string; record: { id: string } }

  const child = sluice(['start'], {}, dir)
  t.teardown(() => child.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}`
  await untilUp(url)
  const status = async () => (await fetch(`${url}/orders/1`, { headers: { 'x-api-key': key } })).status
  t.equal(await status(), 200)
  t.equal((await run(['keys', 'revoke', record.id, '--config', 'gateway.yaml'], {}, dir)).code, 0)
  for (let tries = 0; tries < 100 && (await status()) === 200; tries++) await delay(50)
  t.equal(await status(), 401)

  writeFileSync(`${dir}/gateway.yaml`, 'services: {}\n')
  const lost = await run(['keys', 'list', '--config', 'gateway.yaml'], {}, dir)
  t.equal(lost.code, 1)
})
