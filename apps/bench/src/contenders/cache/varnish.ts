/** Varnish, with its answers in memory. */
import { settings } from '../../child.ts'
import { daemon } from '../daemon.ts'
import type { ProxySettings } from '../proxy-settings.ts'

const { upstream } = settings() as ProxySettings
const inForeground = '-F'
// It must not give up its rights: the folder is ours alone.
const noJail = ['-j', 'none']
await daemon('varnishd', ({ folder, port }) => {
  const place = ['-n', folder, '-a', `127.0.0.1:${port}`]
  return [inForeground, ...noJail, ...place, '-b', new URL(upstream).host, '-s', 'malloc,256m']
})
