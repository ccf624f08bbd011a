import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'tap'
import { skipWithout } from '../../../test/binary.ts'
import { freePort, startRedis } from '../../../test/redis.ts'
import { startUpstream } from './fixtures.ts'
import { sluice, untilUp } from './sluice-process.ts'

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

test('a wrong configuration: everything that is wrong, exit code 1, no stack', async (t) => {
  const dir = t.testdir({
    'bad.yaml': 'services: { orders: { prefix: orders, upstream: "http://127.0.0.1:1", retrys: 1 } }\n',
  })
  const { code, out, err } = await run(['start', '--config', `${dir}/bad.yaml`])
  t.strictSame([code, out], [1, ''])
  t.match(err, 'The configuration has 2 problems:')
  t.match(err, 'services.orders.prefix: received "orders"')
  t.match(err, 'services.orders.retrys')
  t.notMatch(err, /\n\s+at /)
})

test('commands that there are not', async (t) => {
  const unknown = await run(['serve'])
  t.strictSame([unknown.code, unknown.out], [1, ''])
  t.match(unknown.err, "sluice knows no command 'serve'")
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

test('a demo of two shares one verdict', { skip: skipWithout('redis-server') }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const port = await freePort()
  const needsRedis = await run(['demo', '--instances', '2'], { PORT: `${port}` }, t.testdir())
  t.strictSame(needsRedis.code, 1)
  t.match(needsRedis.err, 'REDIS_URL')
  const child = sluice(['demo', '--instances', '2'], { PORT: `${port}`, REDIS_URL: redis.url }, t.testdir())
  t.teardown(() => child.kill('SIGKILL'))
  let printed = ''
  child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  for (let tries = 0; tries < 300 && !printed.includes('Ctrl-C'); tries++) await delay(100)
  const headers = { 'x-api-key': /sluice_demo_\w+/.exec(printed)?.[0] ?? '' }
  const ask = (gateway: number, path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port + gateway}${path}`, { headers })
  t.match(await (await ask(1, '/profile/1')).json(), { roles: ['customer'] })
  const [faults = ''] = /http:\S+\/faults(?=; curl .*auth\/accounts)/.exec(printed) ?? []
  const json = { 'content-type': 'application/json' }
  await fetch(faults, { method: 'PUT', headers: json, body: '{"errorRatio":1}' })
  for (let call = 0; call < 3; call++) t.equal((await ask(0, '/auth/accounts/1')).status, 500)
  for (let tries = 0; tries < 300; tries++) {
    const told = (await (await ask(1, '/stats/circuit-breakers/auth')).json()) as { scope: string }
    if (told.scope === 'fleet') break
    await delay(20)
  }
  t.match(await (await ask(1, '/auth/accounts/1')).json(), { code: 'SLUICE_BREAKER_OPEN' })
  let profile = {}
  for (let tries = 0; tries < 300 && !('degraded' in profile); tries++) {
    profile = (await (await ask(1, '/profile/1')).json()) as object
  }
  t.match(profile, { roles: null, degraded: 'auth breaker open' })
  child.kill('SIGINT')
  t.strictSame(await once(child, 'exit'), [0, null])
})
