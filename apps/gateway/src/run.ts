import type { Gateway } from './gateway.ts'

/**
 * Stops the gateways at the first SIGTERM or SIGINT: `/readyz` turns to 503, requests in flight end, and after
 * `drainMs` what is left is cut. A second signal ends the process at once.
 */
export function stopOnSignals(
  gateways: readonly Gateway[],
  drainMs: number,
  alsoClose: () => Promise<void> = async () => {},
): void {
  let stopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(130)
    stopping = true
    gateways[0]?.app.log.info({ signal, drainMs }, 'stopping')
    const cut = setTimeout(() => gateways.forEach((gateway) => gateway.cutConnections()), drainMs)
    void Promise.all(gateways.map((gateway) => gateway.close()))
      .then(alsoClose)
      .finally(() => {
        clearTimeout(cut)
        process.exit(0)
      })
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
