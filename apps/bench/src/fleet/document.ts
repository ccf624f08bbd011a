import { claimsOf, type FleetReport, quantile } from './index.ts'

/** The report as a page for the docs. */
export function renderDocument(report: FleetReport): string {
  const { outages, adversities, probes, quiet, healthy } = report
  const claims = claimsOf(report).map(({ what, asked, seen, met }) => [what, asked, seen, met ? 'yes' : 'no'])
  const commands = `${Math.round(healthy.commandsPerSecond)} a second`
  return `# A fleet of breakers, simulated

The real engine and the real fleet logic on a virtual clock; a model that passes the same contract suite stands in for
Redis, and a network with latency for the way to it. Hosts' clocks are up to an hour apart. Calls fail at once. The rules of
the peers are their defaults, reduced to when they open. \`node apps/bench/dist/fleet/main.js\` writes this page; the
same seed gives the same figures.

${outages.map((_, index) => `![Share of open instances over time](images/fleet-outage-${index + 1}.svg)`).join('\n')}

## An upstream that dies

${outages
  .map(({ instances, rps, contenders }) =>
    [
      `${instances} instances, ${rps} requests a second in all, 1 % of which failed before:\n`,
      table(
        ['', 'opens at', 'half are open', '99 % are open', 'wasted calls'],
        contenders.map(({ name, rule, result }) => [
          name,
          rule,
          time(quantile(result.openAfterMs, 0.5)),
          time(quantile(result.openAfterMs, 0.99)),
          String(result.wasted),
        ]),
      ),
    ].join('\n'),
  )
  .join('\n\n')}

## The same, and Redis out of reach

The largest fleet. Messages that tell of verdicts get lost: an instance hears of them from the reply to its own vote, or
with its next heartbeat. Instances are cut off from Redis: they open alone, by their own window of ten seconds, and the
others do not wait for them.

![Share of open instances over time](images/fleet-adversity.svg)

${table(
  ['', 'in touch: half are open', '99 % are open', 'cut off: half are open', '99 % are open', 'wasted calls'],
  adversities.map(({ what, inTouchMs, cutOffMs, result }) => [
    what,
    timeOf(inTouchMs, 0.5),
    timeOf(inTouchMs, 0.99),
    timeOf(cutOffMs, 0.5),
    timeOf(cutOffMs, 0.99),
    String(result.wasted),
  ]),
)}

## An upstream that is well

${table(
  ['', 'simulated', 'opened for the fleet', 'opened for one instance', 'Redis commands a second'],
  quiet.map(({ what, days, result }) => [
    what,
    days >= 1 ? `${days} days` : `${Math.round(days * 1_440)} minutes`,
    String(result.fleetOpens),
    String(result.localOpens),
    result.commandsPerSecond.toFixed(1),
  ]),
)}

The largest fleet, healthy: ${commands}, whatever the number of breakers.

## Probes

${probes.rounds} random fleets with an outage each (2 to 31 instances, 1 to 5 probes, any concurrency), ${probes.periods} half-open periods, ${probes.probes} probes:
${probes.excesses} periods with more than allowed, at one time or in all.

## What was asked for

${table(['', 'asked', 'seen', 'met'], claims)}
`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function timeOf(values: readonly number[], share: number): string {
  return values.length === 0 ? '' : time(quantile(values, share))
}

function time(ms: number): string {
  if (!Number.isFinite(ms)) return 'not within 20 s'
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
