import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { BreakerRegistry, type TransitionEvent } from '@sluice/circuit-breaker'
import type { FastifyInstance } from 'fastify'
import type { Browser, Page } from 'playwright-core'
import { t as tap, test, type Test } from 'tap'
import { skipWithout } from '../../../test/binary.ts'
import type { AccessHook, CircuitBreakerTest } from '../src/index.ts'
import { launchBrowser } from './browser.ts'
import { busyFleet, type BusyFleet, busyOptions } from './busy-fleet.ts'
import { inFleet } from './fleet.ts'
import { gateway, succeed, trip } from './gateway.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const key = 'the-key'
const patience = 15_000

let browser: Promise<Browser> | undefined
/** One for all tests here. */
const openBrowser = (): Promise<Browser> => (browser ??= launchBrowser())
tap.teardown(async () => (await browser)?.close())

/** Breakers that open for a second and close after one good probe. */
const quick = {
  open: { durationMs: 1_000, jitter: 0 },
  probe: { max: 1 },
  recovery: { rampMs: 0 },
  minimumCalls: 5,
}

/** Asks for a key, as an API-key plugin would. */
const access: AccessHook = ({ headers }) => {
  if (headers['x-api-key'] !== key) throw Object.assign(new Error('no key, no stats'), { statusCode: 401 })
}

function faultyService(registry: BreakerRegistry): CircuitBreakerTest {
  let isFailing = false
  return {
    breaker: 'orders',
    fail: async () => void (isFailing = true),
    heal: async () => void (isFailing = false),
    request: async () => {
      const permit = registry.ensure('orders').acquire()
      if (!permit.admitted) return 503
      if (isFailing) permit.failure({ kind: 'status', detail: 'HTTP 500' })
      else permit.success()
      return isFailing ? 500 : 200
    },
  }
}

interface Watched {
  readonly app: FastifyInstance
  readonly page: Page
  readonly registry: BreakerRegistry
  readonly origin: string
  /** What the page complained of, requests that failed aside; and any other host that it asked. */
  readonly complaints: string[]
  readonly serve: () => Promise<FastifyInstance>
}

async function watch(t: Test, viewport = { width: 1280, height: 800 }): Promise<Watched> {
  const registry = new BreakerRegistry({ defaults: quick })
  for (const name of ['orders', 'restaurants', 'delivery', '<img src=x onerror=alert(1)>'])
    succeed(registry, name, 10)
  const serve = async (port = 0): Promise<FastifyInstance> => {
    const { app } = await gateway(
      t,
      { access, instance: 'gw-1', test: faultyService(registry), live: { intervalMs: 200, maxViewers: 1 } },
      { registry },
    )
    await app.listen({ host: '127.0.0.1', port })
    return app
  }
  const app = await serve()
  const { port } = app.server.address() as { port: number }
  const browser = await openBrowser()
  const page = await browser.newPage({ viewport })
  t.teardown(() => page.close())
  page.setDefaultTimeout(patience)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    const isAboutRequest = /Failed to load resource|WebSocket connection to/.test(message.text())
    if (message.type() === 'error' && !isAboutRequest) complaints.push(message.text())
  })
  const origin = `http://127.0.0.1:${port}`
  page.on('request', (request) => {
    if (new URL(request.url()).host !== `127.0.0.1:${port}`)
      complaints.push(`asks another host: ${request.url()}`)
  })
  return { app, page, registry, origin, complaints, serve: () => serve(port) }
}

async function signIn(page: Page, origin: string, { kind = 'live' } = {}): Promise<void> {
  await page.goto(`${origin}/monitor`)
  await page.getByLabel('API key').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('not, or no longer, accepted').waitFor()
  await page.getByLabel('API key').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator(`#connection[data-kind=${kind}]`).waitFor()
}

const row = (page: Page, name: string) => page.getByRole('button', { name: new RegExp(`^${name} `) })

async function seriousViolations(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axe)
  const { violations } = await page.evaluate(() => (globalThis as any).axe.run())
  return violations
    .filter(({ impact }: { impact: string }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }: { id: string; nodes: { html: string }[] }) =>
        `${id}: ${nodes.map(({ html }) => html).join(' ')}`,
    )
}

test('an operator at the dashboard', { skip: skipWithout('chromium'), timeout: 120_000 }, async (t) => {
  const { app, page, registry, origin, complaints, serve } = await watch(t)

  await t.test('signs in, after a wrong key', async (t) => {
    await signIn(page, origin)
    await page.getByRole('heading', { name: 'All 4 breakers are closed' }).waitFor()
    t.equal(await page.locator('#instance').textContent(), 'gw-1')
    t.equal(await page.locator('#rows img').count(), 0, 'markup in a name is text')
    t.same(await seriousViolations(page), [])
  })

  await t.test('watches a breaker trip and recover', async () => {
    trip(registry, 'delivery')
    await row(page, 'delivery').filter({ hasText: 'Open' }).waitFor()
    await page.getByRole('heading', { name: '1 of 4 breakers is open' }).waitFor()
    const until = Date.now() + patience
    while (registry.get('delivery')?.state !== 'closed' && Date.now() < until) {
      succeed(registry, 'delivery', 1)
      await page.waitForTimeout(50)
    }
    await page.getByRole('heading', { name: 'All 4 breakers are closed' }).waitFor()
  })

  await t.test('filters by name and by state', async (t) => {
    await page.keyboard.press('/')
    await page.keyboard.type('rest')
    await row(page, 'orders').waitFor({ state: 'detached' })
    t.equal(await page.locator('#rows li').count(), 1)
    await page.getByLabel('Filter by name or group').fill('')
    const closed = page.locator('.tile-closed')
    await page.locator('.tile-disabled').click()
    await page.getByText('No breaker matches.').waitFor()
    await closed.click()
    await row(page, 'orders').waitFor()
    await closed.click()
    await page.locator('.tile-disabled').click()
  })

  await t.test('forces one open with a reason, and resets it', async (t) => {
    await row(page, 'restaurants').click()
    await page.getByRole('heading', { name: 'restaurants' }).waitFor()
    await page.getByRole('button', { name: 'Force open' }).click()
    await page.getByLabel('Reason').fill('kitchen fire')
    t.same(await seriousViolations(page), [])
    await page.getByRole('dialog').getByRole('button', { name: 'Force open' }).click()
    await page.locator('#detail-state[data-state=forced-open]').waitFor()
    t.match(registry.get('restaurants')?.snapshot().forced, { reason: 'kitchen fire' })
    await page.locator('td.cause', { hasText: 'kitchen fire' }).waitFor()
    await page.getByRole('button', { name: 'Reset' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Reset' }).click()
    await page.locator('#detail-state[data-state=closed]').waitFor()
    t.equal(registry.get('restaurants')?.state, 'closed')
    t.same(await seriousViolations(page), [])
  })

  await t.test('runs the test and sees it through', async (t) => {
    const seen: string[] = []
    const stop = registry.on('transition', ({ breaker, to }: TransitionEvent) => {
      if (breaker === 'orders') seen.push(to)
    })
    await page.getByRole('button', { name: 'Run circuit breaker test' }).click()
    await page.getByRole('heading', { name: 'orders' }).waitFor()
    await page.locator('#detail-state[data-state=open]').waitFor()
    await page.getByText('Closed again.').waitFor()
    await page.locator('#detail-state[data-state=closed]').waitFor()
    stop()
    t.same(
      seen.filter((state) => state !== 'recovering'),
      ['open', 'half-open', 'closed'],
    )
    await page.keyboard.press('Escape')
    await page.locator('#detail').waitFor({ state: 'hidden' })
  })

  await t.test('polls where no WebSocket gets through', async () => {
    const second = await page.context().browser()!.newPage()
    second.setDefaultTimeout(patience)
    await signIn(second, origin, { kind: 'polling' })
    registry.open('delivery', { reason: 'seen by polling' })
    await row(second, 'delivery').filter({ hasText: 'Forced open' }).waitFor()
    await second.close()
    registry.close('delivery')
  })

  await t.test('loses the gateway, is told so, and gets it back', async (t) => {
    await app.close()
    await page.locator('#stale').waitFor()
    t.match(await page.locator('#stale-text').textContent(), /this is what was known \d+ s ago/)
    registry.open('orders', { reason: 'while nobody watched' })
    await serve()
    await page.locator('#connection[data-kind=live]').waitFor()
    await page.locator('#stale').waitFor({ state: 'hidden' })
    await page.locator('.tile-forced-open .tile-number', { hasText: '1' }).waitFor()
  })

  t.same(complaints, [], 'the page complains of nothing and asks nobody else')
})

/**
 * With SLUICE_SCREENSHOT=docs/images/dashboard.png it also takes the picture of the README:
 * `SLUICE_SCREENSHOT=docs/images/dashboard.png node scripts/test.mjs packages/breaker-stats/test/dashboard.test.ts`.
 */
test(
  'a busy gateway, in both themes and on a phone',
  { skip: skipWithout('chromium'), timeout: 120_000 },
  async (t) => {
    let fleet: BusyFleet | undefined
    const three = inFleet(t, ['gateway-7c9f', 'gateway-a41e', 'gateway-d02b'], busyOptions)
    const [own, same, odd] = [three['gateway-7c9f'], three['gateway-a41e'], three['gateway-d02b']]
    const { app } = await gateway(
      t,
      { access: 'loopback', instance: 'gateway-7c9f', live: { intervalMs: 500 } },
      { registry: own, before: (fastify) => void (fleet = busyFleet(fastify, own)) },
    )
    // What this instance sees of payments, the second sees as well; what the third sees of search, nobody else does.
    for (const name of ['payments', 'search']) for (const other of [same, odd]) other.ensure(name)
    trip(same, 'payments')
    trip(odd, 'search')
    const origin = await app.listen({ host: '127.0.0.1', port: 0 })
    const traffic = setInterval(() => fleet?.second(), 1_000)
    t.teardown(() => clearInterval(traffic))
    const page = await (await openBrowser()).newPage()
    t.teardown(() => page.close())
    page.setDefaultTimeout(patience)
    await page.goto(`${origin}/monitor`)
    const picture = process.env.SLUICE_SCREENSHOT
    const wide = { width: 1240, height: 780 }
    const phone = { width: 390, height: 844 }
    const looks = [
      { colorScheme: 'light', viewport: wide, hash: '', name: 'payments' },
      { colorScheme: 'dark', viewport: wide, hash: '#/payments', name: 'payments', picture },
      { colorScheme: 'dark', viewport: phone, hash: '', name: 'bank' },
      { colorScheme: 'light', viewport: phone, hash: '#/search', name: 'search' },
    ] as const
    for (const { colorScheme, viewport, hash, name, ...rest } of looks) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize(viewport)
      await page.evaluate(`location.hash = '${hash}'`)
      await page.getByText(name, { exact: true }).locator('visible=true').first().waitFor()
      await page.locator('#headline', { hasText: 'of 18' }).waitFor({ state: 'attached' })
      if (name === 'search') await page.locator('.differs', { hasText: 'gateway-d02b' }).waitFor()
      t.same(await seriousViolations(page), [], `${colorScheme} ${viewport.width}`)
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      t.equal(overflow, 0, 'nothing sticks out sideways')
      if ('picture' in rest && rest.picture !== undefined) {
        await page.waitForTimeout(40_000) // for the lines to grow
        await page.screenshot({ path: rest.picture })
      }
    }
  },
)
