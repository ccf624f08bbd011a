import { test } from 'tap'
import { until } from '../upstream-server.ts'
import { startApp } from './app.ts'
import { testMatrix, through } from './matrix.ts'

testMatrix('handler')

test('handler: a client that leaves before the headers ends the request to the upstream', async (t) => {
  const { origin, upstream } = await startApp(t, through('handler'))
  const abort = new AbortController()
  const response = fetch(`${origin}/hang`, { signal: abort.signal })
  await until(() => upstream.seen.length === 1)
  abort.abort()
  await t.rejects(response)
  await until(() => upstream.abandoned.length === 1)
})
