import { test } from 'tap'
import { HealthState } from '../../src/health/health-state.ts'

test('changes its mind after so many answers in a row', async (t) => {
  const state = new HealthState({ healthyAfter: 2, unhealthyAfter: 3 })
  const answers = [false, false, true, false, false, false, true, false, true, true, true]
  const seen = answers.map((good) => {
    const changed = state.record(good)
    return `${state.healthy ? 'up' : 'down'}${changed ? '!' : ''}`
  })
  t.same(seen, ['up', 'up', 'up', 'up', 'up', 'down!', 'down', 'down', 'down', 'up!', 'up'])
})
