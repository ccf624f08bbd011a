import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ApiKeyRecord } from '../keys/key-record.ts'
import type { ApiKeyStore, KeyStoreEvent } from '../stores/api-key-store.ts'
import { KeyTable } from '../stores/key-table.ts'
import { replaceFile, withLock } from './atomic-file.ts'
import { FileWatch } from './file-watch.ts'
import { putInDocument, readKeysDocument, removeFromDocument } from './keys-document.ts'

export interface FileKeysOptions {
  /** How often the file is looked at beside being watched, in ms. Default 1000. */
  readonly pollMs?: number
  /** How much later a use must be than the one in the file to be written there, in ms. Default 3600000. */
  readonly usesMs?: number
}

/**
 * Keys in a YAML file, which people and `sluice keys` may edit while the gateway runs. A file that is not there is empty.
 *
 * @throws ApiKeyConfigurationError if the file is bad at the start; a bad edit later leaves the last good version in force
 */
export function fileKeys(path: string, options: FileKeysOptions = {}): ApiKeyStore {
  return new FileKeys(resolve(path), options.pollMs ?? 1000, options.usesMs ?? 3_600_000)
}

class FileKeys implements ApiKeyStore {
  readonly local = true
  private readonly path: string
  private readonly pollMs: number
  private readonly usesMs: number
  private readonly listeners = new Set<(event: KeyStoreEvent) => void>()
  private table: KeyTable
  private watcher: FileWatch | undefined
  private degraded = false

  constructor(path: string, pollMs: number, usesMs: number) {
    this.path = path
    this.pollMs = pollMs
    this.usesMs = usesMs
    this.table = new KeyTable(readKeysDocument(readIfPresent(path) ?? '', path))
  }

  get foreignKeys(): boolean {
    return this.table.some((record) => record.foreign === true)
  }

  findByHash(hash: string): ApiKeyRecord | undefined {
    return this.table.findByHash(hash)
  }

  get(id: string): ApiKeyRecord | undefined {
    return this.table.get(id)
  }

  list(filter?: { readonly consumer?: string }): ApiKeyRecord[] {
    return this.table.list(filter)
  }

  put(record: ApiKeyRecord): Promise<boolean> {
    return this.edit((text, table) =>
      table.put(record) ? putInDocument(text, record, this.path) : undefined,
    )
  }

  remove(id: string): Promise<boolean> {
    return this.edit((text, table) =>
      table.remove(id) ? removeFromDocument(text, id, this.path) : undefined,
    )
  }

  /** A file may be read-only, or in version control: it is written for uses that are news, not for each. */
  async touch(uses: ReadonlyMap<string, number>): Promise<void> {
    const news = [...uses].filter(([id, at]) => at - (this.table.get(id)?.lastUsedAt ?? 0) >= this.usesMs)
    for (const [id, at] of news) this.table.touch(id, at)
    if (news.length === 0) return
    await this.edit((text, table) => {
      let edited = text
      for (const [id, at] of news) {
        table.touch(id, at)
        const record = table.get(id)
        if (record !== undefined) edited = putInDocument(edited, record, this.path)
      }
      return edited
    })
  }

  watch(listener: (event: KeyStoreEvent) => void): () => void {
    this.listeners.add(listener)
    this.watcher ??= new FileWatch(this.path, this.pollMs, () => this.reload())
    return () => void this.listeners.delete(listener)
  }

  close(): void {
    this.listeners.clear()
    this.watcher?.close()
    this.watcher = undefined
  }

  /** Reads, edits and replaces the file while no other process does. What the file says counts, not what is in memory. */
  private edit(change: (text: string, table: KeyTable) => string | undefined): Promise<boolean> {
    return withLock(this.path, async () => {
      const text = await readFile(this.path, 'utf8').catch(absentAsEmpty)
      const table = new KeyTable(readKeysDocument(text, this.path))
      const edited = change(text, table)
      if (edited !== undefined) await replaceFile(this.path, edited)
      this.accept(table)
      return edited !== undefined
    })
  }

  private reload(): void {
    try {
      const text = readIfPresent(this.path)
      if (text === undefined) throw new Error(`${this.path} is gone`)
      this.accept(new KeyTable(readKeysDocument(text, this.path)))
    } catch (error) {
      this.degraded = true
      this.tell({ type: 'degraded', error: error as Error })
    }
  }

  private accept(table: KeyTable): void {
    for (const { id, lastUsedAt } of this.table.list())
      if (lastUsedAt !== undefined) table.touch(id, lastUsedAt)
    this.table = table
    if (this.degraded) this.tell({ type: 'recovered' })
    this.degraded = false
    this.tell({ type: 'changed' })
  }

  private tell(event: KeyStoreEvent): void {
    for (const listener of this.listeners) listener(event)
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function absentAsEmpty(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}
