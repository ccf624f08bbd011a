import { statSync, watch, type FSWatcher } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Calls `onChange` after the file at `path` was changed, replaced or removed.
 *
 * The folder is watched, since a file that is replaced takes its watcher with it, and since Kubernetes swaps a link beside
 * it. Network file systems report nothing, so the file is also looked at every `pollMs`.
 */
export class FileWatch {
  private readonly path: string
  private readonly onChange: () => void
  private readonly timer: NodeJS.Timeout
  private readonly watcher: FSWatcher | undefined
  private seen: string

  constructor(path: string, pollMs: number, onChange: () => void) {
    this.path = path
    this.onChange = onChange
    this.seen = signature(path)
    this.timer = setInterval(() => this.look(), pollMs).unref()
    this.watcher = watchFolder(path, () => this.look())
  }

  close(): void {
    clearInterval(this.timer)
    this.watcher?.close()
  }

  private look(): void {
    const now = signature(this.path)
    if (now === this.seen) return
    this.seen = now
    this.onChange()
  }
}

/** What changes whenever the content does. */
export function signature(path: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path)
    return `${ino}:${size}:${mtimeMs}:${ctimeMs}`
  } catch {
    return 'absent'
  }
}

/** Undefined where the system can't watch, or has run out of watches: polling does it then. */
function watchFolder(path: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(dirname(path), { persistent: false }, onEvent)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
