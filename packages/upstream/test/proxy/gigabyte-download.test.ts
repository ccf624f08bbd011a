import { once } from 'node:events'
import { test } from 'tap'
import { connect } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { GIGABYTE, GROWTH, MB, pour, readSlowly, startProcess, WARM_UP } from './gigabyte.ts'

test('a gigabyte passes to a slow client through bounded memory', async (t) => {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  const gateway = await startProcess(t, upstream.url)
  const client = await connect(gateway.port)
  const download = async (bytes: number): Promise<void> => {
    client.bytes = 0
    client.write('GET / HTTP/1.1\r\nHost: gateway\r\nConnection: keep-alive\r\n\r\n')
    const up = upstream.connections.at(-1) ?? (await upstream.next())
    await once(up.socket, 'data')
    up.write(`HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: ${bytes}\r\n\r\n`)
    await Promise.all([pour(up, bytes), readSlowly(client, bytes)])
  }
  await download(WARM_UP)
  await gateway.ask('start')
  await download(GIGABYTE)
  const grown = await gateway.ask('end')
  t.ok(grown <= GROWTH, `${Math.round(grown / MB)} MB`)
  client.destroy()
})
