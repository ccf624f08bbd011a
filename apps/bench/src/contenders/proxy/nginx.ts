/** nginx with one worker and connections to the upstream that are kept, with or without its cache. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary } from '../../binary.ts'
import { announce, settings } from '../../child.ts'
import { freePort, untilAccepts } from '../../ports.ts'
import type { ProxySettings } from '../proxy-settings.ts'

interface NginxSettings extends ProxySettings {
  readonly cache?: boolean
}

const { upstream, cache = false } = settings() as NginxSettings
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-nginx-'))
const port = await freePort()
const file = join(folder, 'nginx.conf')
writeFileSync(file, configuration())
const nginx = spawn(findBinary('nginx') ?? 'nginx', ['-p', folder, '-e', 'stderr', '-c', file], {
  stdio: 'inherit',
})
process.once('exit', () => {
  nginx.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
await untilAccepts(port, nginx)
announce({ port, ...(nginx.pid !== undefined && { pid: nginx.pid }) })

function configuration(): string {
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
