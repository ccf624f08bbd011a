import { mkdirSync, writeFileSync } from 'node:fs'
import { renderCurves } from './curve.ts'
import { renderDocument } from './document.ts'
import { claimsOf, FULL, QUICK, runFleetSimulation } from './index.ts'

/** `node apps/bench/dist/fleet/main.js [--quick] [--write]`: prints the claims; `--write` renews `docs/fleet.md`. */
const quick = process.argv.includes('--quick')
const report = await runFleetSimulation(quick ? QUICK : FULL, (line) => console.error(line))
console.table(claimsOf(report))
if (process.argv.includes('--write')) {
  const docs = new URL('../../../../docs/', import.meta.url)
  mkdirSync(new URL('images/', docs), { recursive: true })
  writeFileSync(new URL('fleet.md', docs), renderDocument(report))
  const adverse = report.adversities.map(({ what, result }) => ({ name: what, ...result }))
  const [usual] = report.outages.at(-1)!.contenders
  const curves = [{ name: 'as it should be', openAfterMs: usual!.result.openAfterMs }, ...adverse]
  const title = `Share of ${FULL.instances} instances that are open, when Redis is out of reach`
  writeFileSync(new URL('images/fleet-adversity.svg', docs), renderCurves(title, curves))
  for (const [index, { instances, rps, contenders }] of report.outages.entries()) {
    const curves = contenders.map(({ name, result }) => ({ name, openAfterMs: result.openAfterMs }))
    const title = `Share of ${instances} instances that are open, at ${rps} requests/s`
    writeFileSync(new URL(`images/fleet-outage-${index + 1}.svg`, docs), renderCurves(title, curves))
  }
}
