/** nginx with one worker and connections to the upstream that are kept, with or without its cache. */
import { settings } from '../../child.ts'
import { daemon, type DaemonPlace } from '../daemon.ts'
import type { CachingProxySettings } from '../proxy-settings.ts'

const { upstream, cache = false } = settings() as CachingProxySettings
await daemon('nginx', (place) => [
  '-p',
  place.folder,
  '-e',
  'stderr',
  '-c',
  place.write('nginx.conf', configuration(place)),
])

function configuration({ folder, port }: DaemonPlace): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const folders = temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  ${folders}
  access_log off;
  keepalive_requests 1000000000;
  ${cache ? `proxy_cache_path ${folder}/cache keys_zone=bench:10m;` : ''}
  upstream bench { server ${new URL(upstream).host}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      ${cache ? 'proxy_cache bench;' : ''}
    }
  }
}
`
}
