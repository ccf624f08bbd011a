import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { cpus, loadavg, release } from 'node:os'
import { findBinary } from '../binary.ts'
import { canPin } from '../cores.ts'
import { generator } from '../load/load.ts'
import type { Settings } from '../suite.ts'

/** Where and with what a run was made. */
export interface Environment {
  readonly date: string
  readonly node: string
  readonly system: string
  readonly processors: string
  readonly pinned: boolean
  /** The average over the minute before. */
  readonly load: number
  readonly generator: string
  readonly settings: Settings
  readonly versions: Readonly<Record<string, string>>
}

const peers = [
  'fastify',
  '@fastify/http-proxy',
  '@fastify/rate-limit',
  '@fastify/circuit-breaker',
  'undici',
  'fast-gateway',
  'opossum',
  'cockatiel',
  'ioredis',
]

export function describeEnvironment(settings: Settings): Environment {
  const processors = cpus()
  return {
    date: new Date().toISOString(),
    node: process.version,
    system: `${process.platform} ${release()}`,
    processors: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`,
    pinned: canPin,
    load: loadavg()[0] ?? 0,
    generator: generator(settings.seconds),
    settings,
    versions: { ...packageVersions(), ...programVersions() },
  }
}

function packageVersions(): Record<string, string> {
  const require = createRequire(import.meta.url)
  return Object.fromEntries(
    peers.map((name) => [name, (require(`${name}/package.json`) as { version: string }).version]),
  )
}

/** Of the programs that are here. */
function programVersions(): Record<string, string> {
  const asked: [string, string][] = [
    ['nginx', '-V'],
    ['haproxy', '-v'],
    ['varnishd', '-V'],
    ['redis-server', '--version'],
  ]
  return Object.fromEntries(
    asked.flatMap(([name, flag]) => {
      const path = findBinary(name)
      if (path === undefined) return []
      const said = execFileSync('/bin/sh', ['-c', `"${path}" ${flag} 2>&1`], { encoding: 'utf8' })
      return [[name, /\d+\.\d+\.\d+/.exec(said)?.[0] ?? 'unknown']]
    }),
  )
}

/** The same as a paragraph of Markdown. */
export function renderEnvironment(environment: Environment): string {
  const { date, node, system, processors, pinned, load, settings, versions } = environment
  const { rounds, seconds, connections } = settings
  const pins = pinned ? 'the server on one core, load and upstream on another' : 'processes not pinned'
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `${date.slice(0, 10)}, Node ${node}, ${system}, ${processors}; ${pins}; load average before it ${load.toFixed(1)}.`,
    `${rounds} rounds of ${seconds} s, ${connections} connections by ${environment.generator}.`,
    `${list.join(', ')}.`,
  ].join('\n')
}
