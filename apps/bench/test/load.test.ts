import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'tap'
import { loadByAutocannon } from '../src/load/autocannon.ts'
import { parseWrk } from '../src/load/wrk.ts'

const report = `Running 2s test @ http://127.0.0.1:1234/
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.52ms    2.10ms  40.00ms   93.00%
  Latency Distribution
     50%  850.00us
     75%    1.40ms
     90%    3.00ms
     99%    1.25s
  60000 requests in 2.01s, 70.00MB read
  Socket errors: connect 0, read 1, write 2, timeout 3
  Non-2xx or 3xx responses: 4
Requests/sec:  29850.00
`

test('a report of wrk is read, units and errors too', async (t) => {
  t.same(parseWrk(report), { requests: 60_000, seconds: 2.01, p50Ms: 0.85, p99Ms: 1250, errors: 10 })
})

test('what is no report is refused', async (t) => {
  t.throws(() => parseWrk('unable to connect'), /not a report of wrk/)
})

test('autocannon asks for something else each time, with the headers that it was given', async (t) => {
  const targets = new Set<string | undefined>()
  let requests = 0
  let headers: unknown
  const server = createServer((request, response) => {
    requests++
    targets.add(request.url)
    headers = request.headers['x-api-key']
    response.end('ok')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  t.teardown(() => server.close())
  const result = await loadByAutocannon({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/here`,
    seconds: 0.1,
    connections: 2,
    headers: { 'x-api-key': 'k' },
    urls: Infinity,
  })
  t.equal(result.errors, 0)
  t.ok(result.requests > 0)
  t.equal(targets.size, requests)
  t.equal(headers, 'k')
})
