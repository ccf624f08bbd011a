/** The gateway as it is configured in production: key, limit, breaker, stats and request id. */
import { buildGateway, parseConfig } from '@sluice/gateway'
import { announce, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'

interface GatewaySettings extends ProxySettings {
  /** The top-level parts to lay over, or in place of, these. */
  readonly config: Record<string, unknown>
}

const { upstream, config } = settings() as GatewaySettings
const gateway = await buildGateway(
  parseConfig({
    server: { host: '127.0.0.1', port: 0 },
    admin: { host: '127.0.0.1', port: 0, access: 'open' },
    logging: { level: 'silent' },
    services: { bench: { prefix: '/', upstream: [upstream] } },
    ...config,
  }),
)
const { address } = await gateway.listen()
announce({ port: Number(new URL(address).port) })
