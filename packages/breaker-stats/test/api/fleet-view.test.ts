import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'tap'
import type { FleetView } from '../../src/index.ts'
import { inFleet } from '../fleet.ts'
import { gateway, trip } from '../gateway.ts'

const url = '/stats/circuit-breakers/orders/fleet'

test('tells how each instance has a breaker, and what the fleet decided', async (t) => {
  const { east, west } = inFleet(t, ['east', 'west'])
  const { app } = await gateway(t, { access: () => {} }, { registry: east })
  for (const registry of [east, west]) registry.ensure('orders')
  const until = async (met: (view: FleetView) => boolean): Promise<FleetView> => {
    for (let tries = 0; tries < 200; tries++) {
      const view = (await app.inject(url)).json<FleetView>()
      if (met(view)) return view
      await delay(50)
    }
    throw new Error('not met in time')
  }
  const agreed = await until(({ standings, instances }) => standings.length === 2 && instances === 2)
  t.match(agreed, { mode: 'shared', instances: 2, states: { CLOSED: 2 }, disagreement: false, history: [] })

  trip(west, 'orders')
  const torn = await until(({ disagreement }) => disagreement)
  t.match(torn, { states: { CLOSED: 1, OPEN: 1 } })
  t.match(torn.standings, [
    { instance: 'east', state: 'CLOSED', scope: 'fleet', self: true },
    { instance: 'west', state: 'OPEN', scope: 'local', self: false },
  ])

  east.open('orders', { reason: 'maintenance', actor: 'ann' })
  const forced = await until(({ states }) => states.FORCED_OPEN === 2)
  t.match(forced.history, [{ state: 'FORCED_OPEN', reason: 'maintenance', actor: 'ann' }])
  const { body } = await app.inject('/metrics')
  t.match(body, 'circuitbreaker_store_mode{mode="shared"} 1')
  t.match(body, 'circuitbreaker_store_mode_changes_total{mode="shared"} 1')
  t.match(body, /^circuitbreaker_store_commands_total \d+$/m)
  t.match(body, /^circuitbreaker_store_errors_total 0$/m)
  t.match(body, /^circuitbreaker_store_lag_seconds /m)
})

test('without a fleet there is nothing to tell', async (t) => {
  const { app, registry } = await gateway(t, { access: () => {} })
  t.equal((await app.inject(url)).statusCode, 404)
  registry.ensure('orders')
  const refused = await app.inject(url)
  t.match([refused.statusCode, refused.json().code], [409, 'SLUICE_STATS_NO_FLEET'])
})

test('a store that does not answer is no failure of the stats', async (t) => {
  const { east } = inFleet(t, ['east'])
  east.ensure('orders')
  t.intercept(east.fleet!, 'instances', { value: () => Promise.reject(new Error('Redis is not connected')) })
  const { app } = await gateway(t, { access: () => {} }, { registry: east })
  const { statusCode, body } = await app.inject(url)
  t.equal(statusCode, 200)
  t.match(JSON.parse(body), { standings: [], storeError: 'Redis is not connected' })
})
