/** haproxy with one thread and connections to the upstream that are reused, with or without its cache. */
import { settings } from '../../child.ts'
import { daemon, type DaemonPlace } from '../daemon.ts'
import type { CachingProxySettings } from '../proxy-settings.ts'

const { upstream, cache = false } = settings() as CachingProxySettings
await daemon('haproxy', (place) => ['-db', '-q', '-f', place.write('haproxy.cfg', configuration(place))])

function configuration({ port }: DaemonPlace): string {
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
${cache ? 'cache bench\n  total-max-size 64\n  max-object-size 1000000\n  max-age 3600\n' : ''}frontend front
  bind 127.0.0.1:${port} backlog 1024
  default_backend back
backend back
  ${cache ? 'http-request cache-use bench\n  http-response cache-store bench' : ''}
  server upstream ${new URL(upstream).host}
`
}
