import { test } from 'tap'
import { renderSuite } from '../src/report/markdown.ts'
import { renderChart } from '../src/report/svg.ts'
import { claim, type Comparison, type Growth } from '../src/result.ts'

const server = (cpuUs: number): object => ({ cpuUs: [cpuUs], p50Ms: [1.5], p99Ms: [9], rssBytes: 80e6 })

const comparison: Comparison = {
  kind: 'comparison',
  title: 'Proxies <&>',
  unit: 'requests/s',
  better: 'higher',
  reference: 'stock',
  entries: [
    { name: 'stock', samples: [1000], server: server(70) as never },
    { name: 'Sluice', samples: [1700], server: server(35) as never },
  ],
}

const growth: Growth = {
  kind: 'growth',
  title: 'Routes',
  axis: 'routes',
  unit: 'µs',
  points: [
    { size: 10, value: 5 },
    { size: 1000, value: 5 },
  ],
  expectedExponent: 0,
}

test('tables show ratios to the reference, and what was asked beside what was seen', async (t) => {
  const text = renderSuite({
    name: 'proxy',
    title: 'A proxied request',
    tables: [comparison, growth],
    claims: [claim('faster', { atLeast: 1.7 }, 1.7), claim('smaller', { atMost: 10 }, 11)],
    notes: ['nginx is not installed here'],
  })
  t.match(text, '| Sluice | 1,700 | ± 0 % | 1.70 | 35.0 | 0.50 | 1.50 | 9.00 | 80 MB |')
  t.match(text, '| 1,000 | 5.00 |')
  t.match(text, 'Expected: at most constant (size^0.00). Seen: constant (size^0.00).')
  t.match(text, '| faster | ≥ 1.7 | 1.7 | yes |')
  t.match(text, '| smaller | ≤ 10 | 11 | **no** |')
  t.match(text, '- nginx is not installed here')
})

test('what could not be measured meets nothing', async (t) => {
  t.notOk(claim('lost', { atMost: 1 }, Number.NaN).met)
  t.notOk(claim('lost', { atLeast: 1 }, Number.NaN).met)
})

test('a chart is as long as its figures say, and escapes names', async (t) => {
  const chart = renderChart(comparison)
  t.match(chart, 'Proxies &lt;&amp;>')
  const widths = [...chart.matchAll(/<rect class="(\w+)"[^>]* width="([\d.]+)"/g)]
  t.same(
    widths.map(([, kind]) => kind),
    ['reference', 'own'],
  )
  t.ok(Math.abs(Number(widths[1]?.[2]) / Number(widths[0]?.[2]) - 1.7) < 0.01)
})
