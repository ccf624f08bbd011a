import { resolve } from 'node:path'
import type { GatewayConfig } from './types.ts'

/** Makes the paths in a configuration absolute: they are meant from the folder of the file that names them. */
export function resolvePaths({ server, auth, services }: GatewayConfig, folder: string): void {
  if (server.tls !== undefined) {
    server.tls.cert = resolve(folder, server.tls.cert)
    server.tls.key = resolve(folder, server.tls.key)
  }
  if (auth !== undefined && !Array.isArray(auth.keys) && 'file' in auth.keys) {
    auth.keys.file = resolve(folder, auth.keys.file)
  }
  for (const { tls = {} } of Object.values(services)) {
    for (const key of ['ca', 'cert', 'key'] as const) {
      const file = tls[key]
      if (file !== undefined) tls[key] = resolve(folder, file)
    }
  }
}
