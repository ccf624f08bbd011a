import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../src/config/load.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8')

interface Service {
  build?: { context: string; target: string }
  image?: string
  command?: string[]
  ports?: string[]
  volumes?: string[]
  depends_on?: string[] | Record<string, unknown>
  healthcheck?: object
  environment?: Record<string, string>
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const dockerfile = read('Dockerfile')

test('whatever the compose file names is there', async (t) => {
  for (const [name, service] of Object.entries(compose.services)) {
    t.ok(service.build ?? service.image, `${name} has an image`)
    if (service.build !== undefined) t.match(dockerfile, new RegExp(`AS ${service.build.target}$`, 'm'))
    for (const other of [service.depends_on ?? []]
      .flat()
      .flatMap((entry) => (typeof entry === 'string' ? entry : Object.keys(entry)))) {
      t.ok(other in compose.services, `${name} depends on ${other}`)
    }
    for (const [source = ''] of (service.volumes ?? []).map((volume) => volume.split(':'))) {
      if (source.startsWith('.')) t.ok(existsSync(`${root}${source}`), `${name} mounts ${source}`)
      else t.ok(source in compose.volumes, `${name} uses the volume ${source}`)
    }
  }
})

test('the gateway of the compose file is configured for the services beside it', async (t) => {
  const { gateway, prometheus } = compose.services
  const config = await loadConfig({
    file: `${root}apps/gateway/compose/gateway.yaml`,
    env: {},
    offline: true,
  })
  for (const [name, { upstream }] of Object.entries(config.services)) {
    for (const origin of upstream) {
      const { hostname, port } = new URL(origin)
      const target = compose.services[hostname]
      t.strictSame(target?.command, [hostname], `${name} goes to a service that runs it`)
      t.equal(target?.environment?.PORT, port)
    }
  }
  t.equal(new URL(config.redis?.url ?? '').hostname in compose.services, true)
  const published = (gateway?.ports ?? []).map((port) => Number(port.split(':').at(-1)))
  t.strictSame(published, [config.server.port, config.admin?.port])
  for (const port of published) t.match(dockerfile, new RegExp(`^EXPOSE .*\\b${port}\\b`, 'm'))
  const [folder = ''] = prometheus?.volumes?.[0]?.split(':') ?? []
  for (const name of ['gateway', 'gateway-2']) {
    t.match(read(`${folder}/prometheus.yml`), `'${name}:${config.admin?.port}'`)
  }
})

test('Redis is healthy before the gateway starts, and evicts rather than refuses', async (t) => {
  t.match(compose.services.gateway?.depends_on, { redis: { condition: 'service_healthy' } })
  t.ok(compose.services.redis?.healthcheck)
  t.ok(compose.services.redis?.command?.includes('--maxmemory-policy'))
})

test('the images run as an ordinary user', async (t) => {
  t.match(dockerfile, /^USER node$/m)
})
