import { buildGateway } from '../gateway.ts'
import { loadConfig } from '../config/load.ts'
import { configSource, parseFlags } from './usage.ts'

/** Reads the configuration and builds the gateway as `start` would, without opening a port. */
export async function check(args: string[]): Promise<void> {
  const { config: file, offline } = parseFlags(args, {
    config: { type: 'string' },
    offline: { type: 'boolean' },
  })
  const config = await loadConfig({ ...configSource(file), offline: offline ?? false })
  const gateway = await buildGateway(
    { ...config, logging: { level: 'silent', access: 'off' } },
    { connect: offline !== true },
  )
  await gateway.close()
  const names = Object.keys(config.services)
  console.log(`The configuration is good: ${names.length} service(s): ${names.join(', ')}`)
}
