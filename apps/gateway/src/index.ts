export { buildGateway, type Gateway, type GatewayOptions } from './gateway.ts'
export { type ConfigSource, loadConfig, parseConfig } from './config/load.ts'
export { ConfigError, type Problem } from './config/problem.ts'
export type { GatewayConfig } from './config/types.ts'
