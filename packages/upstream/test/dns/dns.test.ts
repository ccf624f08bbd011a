import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type Test } from 'tap'
import { createUpstream, type DnsOptions, type Upstream } from '../../src/index.ts'
import { systemResolve } from '../../src/dns/resolve.ts'
import { until } from '../origin-server.ts'

const get = { method: 'GET', path: '/', origin: 'http://any' } as const

/** A server on every address of the loopback, which says at which one it was met and under which name. */
async function startEverywhere(t: Test): Promise<number> {
  const server = createServer((request, response) => {
    response.end(`${request.socket.localAddress} ${request.headers.host}`)
  }).listen(0, '0.0.0.0')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function create(t: Test, port: number, dns: DnsOptions): Upstream {
  const upstream = createUpstream({ name: 'named', origins: `http://localhost:${port}`, dns })
  t.teardown(() => upstream.close())
  return upstream
}

async function ask(upstream: Upstream): Promise<string> {
  const { body } = await upstream.dispatcher.request(get)
  return body.text()
}

function labels(upstream: Upstream): string[] {
  return upstream.stats().origins.map(({ origin }) => origin)
}

test('balances over the addresses of a name, and follows them', async (t) => {
  const port = await startEverywhere(t)
  let addresses = ['127.0.0.3', '127.0.0.2']
  let asked = 0
  const upstream = create(t, port, {
    minTtlMs: 20,
    resolve: async () => {
      asked++
      return { addresses, ttlMs: 10 }
    },
  })
  t.equal(asked, 0, 'nothing is asked before the first request')
  t.match(await ask(upstream), /127\.0\.0\.\d+ localhost/)
  await until(() => labels(upstream).length === 2, 'the name is resolved')
  t.same(labels(upstream), [`http://127.0.0.2:${port}`, `http://127.0.0.3:${port}`])
  const seen = new Set([await ask(upstream), await ask(upstream), await ask(upstream)])
  t.same([...seen].sort(), [`127.0.0.2 localhost:${port}`, `127.0.0.3 localhost:${port}`], 'Host is the name')

  addresses = ['127.0.0.3', '127.0.0.4']
  await until(() => labels(upstream).includes(`http://127.0.0.4:${port}`), 'the change is noticed')
  t.same(labels(upstream), [`http://127.0.0.3:${port}`, `http://127.0.0.4:${port}`])
  t.ok((upstream.stats().origins[0]?.requests ?? 0) > 0, 'the one that stayed keeps its books')
})

test('keeps the last addresses while a name cannot be resolved', async (t) => {
  const port = await startEverywhere(t)
  let rounds = 0
  const upstream = create(t, port, {
    minTtlMs: 10,
    resolve: async () => {
      if (++rounds > 1) throw new Error('no answer')
      return { addresses: ['127.0.0.5'], ttlMs: 10 }
    },
  })
  await ask(upstream)
  await until(() => rounds > 3, 'it is asked again and again')
  t.equal(await ask(upstream), `127.0.0.5 localhost:${port}`)
})

test('replaced origins are resolved too, and addresses are left alone', async (t) => {
  const port = await startEverywhere(t)
  const upstream = create(t, port, { resolve: async () => ({ addresses: ['127.0.0.6'], ttlMs: 60_000 }) })
  await ask(upstream)
  await until(() => labels(upstream)[0] === `http://127.0.0.6:${port}`, 'the name is resolved')
  upstream.setOrigins([`http://localhost:${port}`, `http://127.0.0.7:${port}`])
  t.same(labels(upstream), [`http://127.0.0.6:${port}`, `http://127.0.0.7:${port}`])
})

test('the system’s own resolver knows localhost', async (t) => {
  const { addresses, ttlMs } = await systemResolve()('localhost')
  t.ok(addresses.every((address) => address === '127.0.0.1' || address === '::1'))
  t.ok(addresses.length > 0 && ttlMs >= 0)
  await t.rejects(systemResolve()('no-such-name.invalid'))
})
