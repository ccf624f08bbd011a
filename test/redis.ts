import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface RedisProcess {
  readonly port: number
  readonly url: string
  /** SIGKILL: the crash. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT: alive, and silent. */
  pause(): void
  resume(): void
  /** Starts again on the same port, empty. */
  restart(): Promise<void>
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

/**
 * A free port of the loopback, below those that outgoing connections get, so that none of them takes it meanwhile; with
 * room for a cluster bus port (port + 10000) below them too.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 12_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((tell) => {
      server.once('error', () => tell(false))
      server.listen(port, '127.0.0.1', () => tell(true))
    })
    if (!isFree) continue
    await new Promise((closed) => server.close(closed))
    return port
  }
}

async function launch(args: string[], folder: string): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  await new Promise<void>((ready, failed) => {
    child.once('error', failed)
    child.once('exit', (code) => failed(new Error(`redis-server left with ${code}:\n${log}`)))
    child.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      if (/ready to accept connections|Running mode=sentinel|monitor master/i.test(log)) ready()
    })
  })
  child.removeAllListeners('exit')
  return child
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const left = new Promise((done) => child.once('exit', done))
  child.kill(signal)
  await left
}

/** Spawns `redis-server` on a free port of the loopback. Stop it in the test's teardown. */
export async function startRedis(extraArgs: string[] = [], fixedPort?: number): Promise<RedisProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-'))
  const port = fixedPort ?? (await freePort())
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...extraArgs]
  let child = await launch(args, folder)
  const onExit = (): void => void child.kill('SIGKILL')
  process.once('exit', onExit)
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill: () => end(child, 'SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    restart: async () => {
      await end(child, 'SIGKILL')
      child = await launch(args, folder)
    },
    stop: async () => {
      process.removeListener('exit', onExit)
      child.kill('SIGCONT')
      await end(child, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Until each node sees the cluster up and three replicas attached. */
async function settled(processes: RedisProcess[]): Promise<void> {
  const ask = (port: number, what: string): string =>
    spawnSync('redis-cli', ['-p', `${port}`, 'cluster', what], { encoding: 'utf8' }).stdout
  for (let tries = 0; tries < 200; tries++) {
    const agreed = processes.every(
      ({ port }) =>
        ask(port, 'info').includes('cluster_state:ok') && ask(port, 'nodes').match(/slave/g)?.length === 3,
    )
    if (agreed) return
    await delay(50)
  }
  throw new Error('the cluster did not settle within ten seconds')
}

export interface RedisCluster {
  readonly nodes: { host: string; port: number }[]
  readonly processes: RedisProcess[]
  stop(): Promise<void>
}

/** Six nodes: three masters with a replica each. Takes about four seconds. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const processes = await Promise.all(
    Array.from({ length: 6 }, () =>
      startRedis([
        '--cluster-enabled',
        'yes',
        '--cluster-node-timeout',
        '2000',
        '--cluster-config-file',
        'nodes.conf',
        // Else a replica has nothing for its first five seconds, and cannot take over.
        '--repl-diskless-sync-delay',
        '0',
      ]),
    ),
  )
  const stop = async (): Promise<void> => void (await Promise.all(processes.map((node) => node.stop())))
  const addresses = processes.map((node) => `127.0.0.1:${node.port}`)
  const created = spawnSync(
    'redis-cli',
    ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'],
    { encoding: 'utf8' },
  )
  if (created.status !== 0) {
    await stop()
    throw new Error(`cluster was not created:\n${created.stdout}${created.stderr}`)
  }
  await settled(processes)
  return { nodes: processes.map(({ port }) => ({ host: '127.0.0.1', port })), processes, stop }
}

export interface RedisSentinels {
  readonly sentinels: { host: string; port: number }[]
  readonly primary: RedisProcess
  readonly replica: RedisProcess
  stop(): Promise<void>
}

/** A primary called `main`, a replica that is in step with it, and a sentinel that gives the primary up after a second. */
export async function startSentinel(): Promise<RedisSentinels> {
  const delayNothing = ['--repl-diskless-sync-delay', '0']
  const primary = await startRedis(delayNothing)
  const replica = await startRedis([...delayNothing, '--replicaof', '127.0.0.1', `${primary.port}`])
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sentinel-'))
  const port = await freePort()
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 3000',
  ]
  writeFileSync(join(folder, 'sentinel.conf'), lines.join('\n'))
  const sentinel = await launch(['sentinel.conf', '--sentinel'], folder)
  const onExit = (): void => void sentinel.kill('SIGKILL')
  process.once('exit', onExit)
  const stop = async (): Promise<void> => {
    process.removeListener('exit', onExit)
    await end(sentinel, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
    await Promise.all([primary.stop(), replica.stop()])
  }
  for (let tries = 0; tries < 200; tries++) {
    const { stdout } = spawnSync('redis-cli', ['-p', `${port}`, 'sentinel', 'replicas', 'main'], {
      encoding: 'utf8',
    })
    if (/master-link-status\s+ok/.test(stdout)) {
      return { sentinels: [{ host: '127.0.0.1', port }], primary, replica, stop }
    }
    await delay(50)
  }
  await stop()
  throw new Error('the sentinel did not see the replica within ten seconds')
}
