import { loadConfig } from '../config/load.ts'
import { buildGateway } from '../gateway.ts'
import { stopOnSignals } from '../run.ts'
import { configSource, parseFlags } from './usage.ts'

/** Runs the gateway until it is told to stop. */
export async function start(args: string[]): Promise<void> {
  const { config: file } = parseFlags(args, { config: { type: 'string' } })
  const config = await loadConfig(configSource(file))
  const gateway = await buildGateway(config)
  stopOnSignals([gateway], config.server.drain)
  const { address, adminAddress } = await gateway.listen()
  gateway.app.log.info({ address, adminAddress, services: Object.keys(config.services) }, 'sluice is up')
}
