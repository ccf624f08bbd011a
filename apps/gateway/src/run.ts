import type { Gateway } from './gateway.ts'

/**
 * Stops the gateway at the first SIGTERM or SIGINT: `/readyz` turns to 503, requests in flight end, and after
 * `drainMs` what is left is cut. A second signal ends the process at once.
 */
export function stopOnSignals(
  gateway: Gateway,
  drainMs: number,
  alsoClose: () => Promise<void> = async () => {},
): void {
  let stopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(130)
    stopping = true
    gateway.app.log.info({ signal, drainMs }, 'stopping')
    const cut = setTimeout(() => gateway.cutConnections(), drainMs)
    void gateway
      .close()
      .then(alsoClose)
      .finally(() => {
        clearTimeout(cut)
        process.exit(0)
      })
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
