import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test, type Test } from 'tap'
import { skipWithout } from '../../../test/binary.ts'
import { freePort } from '../../../test/redis.ts'
import { busyFleet } from './busy-fleet.ts'
import { gateway, succeed, trip } from './gateway.ts'

const monitoring = fileURLToPath(new URL('../monitoring/', import.meta.url))
const board = JSON.parse(readFileSync(join(monitoring, 'grafana/circuit-breakers.json'), 'utf8')) as {
  panels: { title: string; targets?: { expr: string }[] }[]
}
const expressions = board.panels.flatMap(({ targets }) => targets ?? []).map(({ expr }) => expr)

function promtool(t: Test, args: string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, {
    cwd: join(monitoring, 'prometheus'),
    encoding: 'utf8',
  })
  t.equal(status, 0, `${args.join(' ')}\n${stdout}${stderr}`)
}

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-prometheus-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('rules, their tests and the configuration hold', { skip: skipWithout('promtool') }, (t) => {
  promtool(t, ['check', 'rules', 'circuit-breakers.rules.yml'])
  promtool(t, ['test', 'rules', 'circuit-breakers.test.yml'])
  promtool(t, ['check', 'config', 'prometheus.yml'])
  t.end()
})

test('every panel of the Grafana dashboard asks in PromQL', { skip: skipWithout('promtool') }, (t) => {
  const rules = expressions.map((expr, i) => ({
    record: `panel:query:${i}`,
    expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$name', '.*'),
  }))
  const file = join(folder(t), 'panels.yml')
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }))
  promtool(t, ['check', 'rules', file])
  t.end()
})

test('the dashboard has the panels of S3, and asks for series that there are', async (t) => {
  const titles = new Set(board.panels.map(({ title }) => title))
  for (const title of [
    'Circuit breaker states',
    'Request success rate by service',
    'Retry attempts by service',
    'Request latency (p95)',
    'Circuit breaker state changes',
    'Error rate by service',
    'Request volume by service',
  ]) {
    t.ok(titles.has(title), title)
  }
  const { app } = await gateway(
    t,
    { access: () => {} },
    { before: (fastify) => void busyFleet(fastify, fastify.circuitBreakers) },
  )
  const { body } = await app.inject('/metrics')
  // Of a fleet or a proxied request there is none here.
  const elsewhere = new Set([
    'circuitbreaker_store_mode',
    'circuitbreaker_store_commands_total',
    'circuitbreaker_store_errors_total',
    'circuitbreaker_store_lag_seconds',
    'gateway_proxy_requests_total',
    'gateway_proxy_request_duration_seconds_bucket',
  ])
  const asked = new Set(
    expressions.flatMap((expr) => expr.match(/\b(?:circuitbreaker|gateway|response|retry)_\w+/g) ?? []),
  )
  for (const name of asked) {
    if (!elsewhere.has(name))
      t.match(body, new RegExp(`^(?:# TYPE )?${name.replace(/_bucket$/, '')}\\b`, 'm'), name)
  }
})

interface Sample {
  readonly metric: Record<string, string>
  readonly value: [number, string]
}

test('a real Prometheus scrapes it', { skip: skipWithout('prometheus'), timeout: 60_000 }, async (t) => {
  const { app, registry } = await gateway(t, { access: 'loopback' })
  succeed(registry, 'orders', 3)
  trip(registry, 'payments')
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  const where = folder(t)
  const scrape = {
    job_name: 'sluice',
    scrape_interval: '1s',
    static_configs: [{ targets: [`127.0.0.1:${port}`] }],
  }
  writeFileSync(join(where, 'prometheus.yml'), JSON.stringify({ scrape_configs: [scrape] }))
  const own = await freePort()
  const child = spawn(
    'prometheus',
    [
      `--config.file=${where}/prometheus.yml`,
      `--storage.tsdb.path=${where}/data`,
      `--web.listen-address=127.0.0.1:${own}`,
    ],
    { stdio: 'ignore' },
  )
  t.teardown(() => {
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGKILL')
    return ended
  })
  const query = async (expr: string): Promise<Sample[]> => {
    try {
      const answer = await fetch(`http://127.0.0.1:${own}/api/v1/query?query=${encodeURIComponent(expr)}`)
      const { data } = (await answer.json()) as { data: { result: Sample[] } }
      return data.result
    } catch {
      return [] // not up yet
    }
  }
  let open: Sample[] = []
  for (const until = Date.now() + 40_000; open.length === 0 && Date.now() < until;) {
    open = await query('circuitbreaker_state{state="open"} == 1')
    await delay(200)
  }
  t.same(
    open.map(({ metric }) => metric.name),
    ['payments'],
  )
  const [calls] = await query('circuitbreaker_calls_seconds_count{name="orders",kind="successful"}')
  t.equal(calls?.value[1], '3')
})
