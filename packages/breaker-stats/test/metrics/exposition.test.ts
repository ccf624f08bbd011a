import { test } from 'tap'
import { Exposition, labelText } from '../../src/metrics/exposition.ts'
import { HistogramLines } from '../../src/metrics/sample-lines.ts'

function example(format: 'text' | 'openmetrics'): string {
  const exposition = new Exposition(format)
  exposition.family('calls_total', 'counter', 'Calls "so far"\nof \\ all')
  exposition.sample(3, labelText({ name: 'a "b" \\ c\nd' }))
  exposition.sample(Infinity)
  exposition.family('took_seconds', 'histogram', 'Time')
  exposition.lines(new HistogramLines('took_seconds', 'kind="x"', [0.5, 1]).render([1, 3, 4], 2.5))
  return exposition.toString()
}

const samples = `calls_total{name="a \\"b\\" \\\\ c\\nd"} 3
calls_total +Inf
# HELP took_seconds Time
# TYPE took_seconds histogram
took_seconds_bucket{kind="x",le="0.5"} 1
took_seconds_bucket{kind="x",le="1"} 3
took_seconds_bucket{kind="x",le="+Inf"} 4
took_seconds_sum{kind="x"} 2.5
took_seconds_count{kind="x"} 4
`

test('writes the Prometheus text format', (t) => {
  t.equal(
    example('text'),
    `# HELP calls_total Calls "so far"\\nof \\\\ all\n# TYPE calls_total counter\n${samples}`,
  )
  t.end()
})

test('writes OpenMetrics', (t) => {
  t.equal(
    example('openmetrics'),
    `# HELP calls Calls \\"so far\\"\\nof \\\\ all\n# TYPE calls counter\n${samples}# EOF\n`,
  )
  t.end()
})

test('renders a histogram anew when there is more to tell', (t) => {
  const text = new HistogramLines('took_seconds', 'kind="x"', [0.5])
  const first = text.render([1, 1], 0.2)
  t.equal(text.render([1, 1], 0.2), first)
  t.match(text.render([1, 2], 0.9), 'took_seconds_count{kind="x"} 2')
  t.end()
})
