import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { freePort } from '../../../test/redis.ts'
import { buildDelivery, buildOrders, buildRestaurants, startDemoServices } from '../src/index.ts'

test('orders: list, filter, one, new, change', async (t) => {
  const app = buildOrders()
  t.teardown(() => app.close())
  const pending = await app.inject('/?status=pending')
  t.match(pending.json(), { orders: [{ status: 'pending' }] })
  t.match(pending.headers, { 'cache-control': 'public, max-age=10', 'x-served-by': 'orders' })
  t.equal((await app.inject('/1')).json().id, '1')
  t.equal((await app.inject('/999')).statusCode, 404)

  const items = [{ name: 'Pad Thai', quantity: 2, priceCents: 1200 }]
  const placed = await app.inject({ method: 'POST', url: '/', payload: { restaurantId: '2', items } })
  t.equal(placed.statusCode, 201)
  t.match(placed.json(), { totalCents: 2400, status: 'pending' })
  const { location } = placed.headers
  const changed = await app.inject({
    method: 'PATCH',
    url: String(location),
    payload: { status: 'delivered' },
  })
  t.equal(changed.json().status, 'delivered')
  t.equal((await app.inject({ method: 'POST', url: '/', payload: {} })).statusCode, 400)
})

test('restaurants and menus may be cached, and carry tags to purge them by', async (t) => {
  const app = buildRestaurants()
  t.teardown(() => app.close())
  t.equal((await app.inject('/')).json().restaurants.length, 3)
  t.equal((await app.inject('/2')).json().name, 'Baan Lao')
  const menu = await app.inject('/2/menu')
  t.match(menu.headers, {
    etag: '"menu-2-v1"',
    'surrogate-key': 'menus restaurant-2',
    'cache-control': /max-age=60/,
  })
  const unknown = await app.inject('/9/menu')
  t.equal(unknown.statusCode, 404)
  t.equal(unknown.headers['cache-control'], undefined)
})

test('deliveries are followed as server-sent events', async (t) => {
  const app = buildDelivery()
  t.teardown(() => app.close())
  t.equal((await app.inject('/drivers')).json().drivers.length, 3)
  t.equal((await app.inject('/assignments?driver_id=101')).json().assignments.length, 4)
  t.equal((await app.inject('/track/999')).statusCode, 404)
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const response = await fetch(`${address}/track/1`)
  t.match(response.headers.get('content-type'), 'text/event-stream')
  const reader = response.body?.getReader()
  const first = await reader?.read()
  t.match(Buffer.from(first?.value ?? []).toString(), /^event: position\ndata: \{"minutesLeft":\d+\}\n\n$/)
  await reader?.cancel()
})

test('faults are switched on and off while a service runs', async (t) => {
  const app = buildOrders()
  t.teardown(() => app.close())
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const put = async (faults: object): Promise<number> =>
    (await app.inject({ method: 'PUT', url: '/faults', payload: faults })).statusCode

  t.equal(await put({ errorRatio: 1, status: 503 }), 200)
  t.equal((await app.inject('/1')).statusCode, 503)
  t.equal((await app.inject('/health')).statusCode, 200)
  t.match((await app.inject('/faults')).json(), { errorRatio: 1, status: 503, hang: false })

  t.equal((await app.inject({ method: 'DELETE', url: '/faults' })).statusCode, 200)
  t.equal((await app.inject('/1')).statusCode, 200)

  await put({ reset: true })
  await t.rejects(fetch(`${address}/1`))

  await put({ reset: false, hang: true })
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\n')
  const hung = await Promise.race([
    once(socket, 'data').then(() => 'answered'),
    put({ hang: false }).then(() => 'silent'),
  ])
  t.equal(hung, 'silent')

  t.equal(await put({ errorRatio: 2 }), 400)
  t.equal(await put({ latencyMs: -1 }), 400)
})

test('latency is added, and ends with the client', async (t) => {
  const app = buildOrders()
  t.teardown(() => app.close())
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  await app.inject({ method: 'PUT', url: '/faults', payload: { latencyMs: 60_000 } })
  await t.rejects(fetch(`${address}/1`, { signal: AbortSignal.timeout(50) }))
  await app.inject({ method: 'PUT', url: '/faults', payload: { latencyMs: 1 } })
  t.equal((await fetch(`${address}/1`)).status, 200)
})

test('profile answers without roles while auth is down, and stops asking it', async (t) => {
  const services = await startDemoServices()
  const { urls } = services
  t.teardown(() => services.close())
  const profile = async (): Promise<Record<string, unknown>> => {
    const response = await fetch(`${urls.profile}/1`)
    return (await response.json()) as Record<string, unknown>
  }
  t.match(await profile(), { name: 'Amira Haddad', roles: ['customer'] })
  const faults = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"errorRatio":1}' }
  t.equal((await fetch(`${urls.auth}/faults`, faults)).status, 200)
  for (let call = 0; call < 3; call++) t.match(await profile(), { roles: null, degraded: 'auth failed' })
  t.match(await profile(), { roles: null, degraded: 'auth breaker open' })
  t.match(await (await fetch(`${urls.profile}/breaker`)).json(), { name: 'auth', state: 'open' })
  t.equal((await fetch(`${urls.profile}/9`)).status, 404)
})

test('one service by itself, from the command line', async (t) => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const port = await freePort()
  const child = spawn(process.execPath, [main, 'auth'], {
    env: { ...process.env, PORT: `${port}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [greeting] = (await once(child.stdout, 'data')) as [Buffer]
  t.match(greeting.toString(), `auth listens on http://127.0.0.1:${port}`)
  t.match(await (await fetch(`http://127.0.0.1:${port}/accounts/2`)).json(), {
    roles: ['customer', 'courier'],
  })
  child.kill('SIGTERM')
  t.strictSame(await once(child, 'exit'), [0, null])

  const lost = spawn(process.execPath, [main, 'nothing'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const [complaint] = (await once(lost.stderr, 'data')) as [Buffer]
  t.match(complaint.toString(), 'which service?')
  t.strictSame(await once(lost, 'exit'), [1, null])
})
