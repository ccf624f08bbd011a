import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Announcement, ChildMessage, Question } from './child.ts'
import { pinned, SERVER_CORE } from './cores.ts'
import { processUsage, type ProcessUsage } from './process-usage.ts'

export interface ContenderSpec {
  readonly name: string
  /** Below `contenders`, without its extension. */
  readonly file: string
  readonly settings?: object | undefined
  /** Default: the server's. */
  readonly core?: number
  readonly nodeArguments?: readonly string[]
}

/** A process that takes part. */
export interface Contender {
  readonly name: string
  /** Where it listens; 0: it does not. */
  readonly port: number
  usage(): Promise<ProcessUsage>
  /** Sends a question, and waits for the answer; one at a time. */
  ask<T>(question: unknown): Promise<T>
  stop(): Promise<void>
}

const START_LIMIT_MS = 60_000
const extension = extname(fileURLToPath(import.meta.url))

/** Starts a contender in a process of its own, and waits until it is ready. */
export async function startContender(spec: ContenderSpec): Promise<Contender> {
  const file = fileURLToPath(new URL(`contenders/${spec.file}${extension}`, import.meta.url))
  const args = [...(spec.nodeArguments ?? []), file, JSON.stringify(spec.settings ?? {})]
  const [command, commandArgs] = pinned(spec.core ?? SERVER_CORE, process.execPath, args)
  const child = spawn(command, commandArgs, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)))
  const line = new Line(child, spec.name, () => errors)
  const { at } = await line.next('ready', START_LIMIT_MS)
  return new ChildContender(spec.name, child, line, at)
}

/** Runs `use` with contenders that are stopped after it, whatever happens. */
export async function withContenders<T>(
  specs: readonly ContenderSpec[],
  use: (contenders: readonly Contender[]) => Promise<T>,
): Promise<T> {
  const contenders: Contender[] = []
  try {
    for (const spec of specs) contenders.push(await startContender(spec))
    return await use(contenders)
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()))
  }
}

class ChildContender implements Contender {
  readonly name: string
  readonly port: number
  readonly #child: ChildProcess
  readonly #line: Line
  readonly #pid: number

  constructor(name: string, child: ChildProcess, line: Line, at: Announcement) {
    this.name = name
    this.port = at.port ?? 0
    this.#child = child
    this.#line = line
    this.#pid = at.pid ?? child.pid ?? 0
  }

  async usage(): Promise<ProcessUsage> {
    return processUsage(this.#pid) ?? this.#question<ProcessUsage>({ type: 'usage' })
  }

  ask<T>(question: unknown): Promise<T> {
    return this.#question<T>({ type: 'ask', value: question })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const left = once(this.#child, 'exit')
    // It ends by itself when nobody listens any more, and gets to write what it has to write.
    this.#child.disconnect()
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    await left
    clearTimeout(force)
  }

  async #question<T>(question: Question): Promise<T> {
    const answer = this.#line.next('answer')
    this.#child.send(question)
    return (await answer).value as T
  }
}

/** The messages of a child, one awaited at a time. */
class Line {
  readonly #child: ChildProcess
  readonly #name: string
  readonly #errors: () => string

  constructor(child: ChildProcess, name: string, errors: () => string) {
    this.#child = child
    this.#name = name
    this.#errors = errors
  }

  next<Type extends ChildMessage['type']>(
    type: Type,
    limitMs?: number,
  ): Promise<Extract<ChildMessage, { type: Type }>> {
    const child = this.#child
    return new Promise((resolve, reject) => {
      const fail = (what: string): void => {
        end()
        reject(new Error(`${this.#name}: ${what}\n${this.#errors()}`))
      }
      const onMessage = (message: ChildMessage): void => {
        if (message.type === 'failed') return fail(message.message)
        end()
        resolve(message as Extract<ChildMessage, { type: Type }>)
      }
      const onExit = (code: number | null): void => fail(`left with ${code} before it was ${type}`)
      const limit = limitMs === undefined ? undefined : setTimeout(() => fail(`not ${type} in time`), limitMs)
      const end = (): void => {
        clearTimeout(limit)
        child.off('message', onMessage)
        child.off('exit', onExit)
      }
      child.on('message', onMessage)
      child.on('exit', onExit)
    })
  }
}
